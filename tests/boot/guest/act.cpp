// SPDX-License-Identifier: Apache-2.0
// What a guest does with files that its shell cannot:
//   act as UID GID PROGRAM [ARGUMENT...]   runs it with these ids and no further groups
//   act finit MODULE                       finit_module(2): the kernel reads the file
//   act open MODE FILE...                  opens each: r, w or rw
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <fcntl.h>
#include <grp.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

int fail(const char* what) {
  std::perror(what);
  return 1;
}

int run_as(char** argv) {
  const auto uid = static_cast<uid_t>(std::strtoul(argv[0], nullptr, 10));
  const auto gid = static_cast<gid_t>(std::strtoul(argv[1], nullptr, 10));
  if (setgroups(0, nullptr) != 0 || setresgid(gid, gid, gid) != 0 ||
      setresuid(uid, uid, uid) != 0) {
    return fail("set ids");
  }
  execv(argv[2], argv + 2);
  return fail(argv[2]);
}

int finit(const char* path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return fail(path);
  return syscall(SYS_finit_module, file, "", 0) == 0 ? 0 : fail(path);
}

int open_all(std::string_view mode, char** paths) {
  const int flags = mode == "r" ? O_RDONLY : mode == "w" ? O_WRONLY : O_RDWR;
  int code = 0;
  for (; *paths != nullptr; ++paths) {
    const int file = open(*paths, flags | O_CLOEXEC);
    if (file < 0)
      code = fail(*paths);
    else
      close(file);
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "as" && argc > 4) return run_as(argv + 2);
  if (verb == "finit" && argc == 3) return finit(argv[2]);
  if (verb == "open" && argc > 3) return open_all(argv[2], argv + 3);
  return 2;
}
