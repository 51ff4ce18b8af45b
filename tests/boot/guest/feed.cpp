// SPDX-License-Identifier: Apache-2.0
// Puts policy rules to the kernel it runs on, one at a time, and prints for each what write() said:
//   feed RULES      every line of RULES: "<line> <returned> <errno>"; nothing comes into force
//   feed -l FILE    loads FILE by lines, as a loader without the path form does: "<returned>
//   <errno>"
//                   of the first line that is refused or of the last, then "close <errno>"
//   feed -p FILE    loads FILE by its path: the same for the one write
// The kernel collects the rules of one open file and drops them all when a write has failed, so a
// rule that was accepted is followed by one that never is.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace {

constexpr const char* policy = "/sys/kernel/security/ima/policy";

struct Said {
  long returned = -1;
  int error = 0;
};

Said put(int file, std::string_view text) {
  errno = 0;
  const long returned = write(file, text.data(), text.size());
  return {returned, returned < 0 ? errno : 0};
}

// One descriptor at a time may be open, and its release may lag behind close().
int open_policy() {
  for (int tries = 0; tries < 1000; ++tries) {
    const int file = open(policy, O_WRONLY | O_CLOEXEC);
    if (file >= 0 || errno != EBUSY) return file;
    usleep(1000);
  }
  return -1;
}

std::string content(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

int try_rules(const char* path) {
  std::string text = content(path);
  std::string_view left = text;
  for (int number = 1; !left.empty(); ++number) {
    const std::size_t end = left.find('\n');
    const std::string line(left.substr(0, end));
    left.remove_prefix(end == std::string_view::npos ? left.size() : end + 1);
    const int file = open_policy();
    if (file < 0) {
      std::cerr << "open: " << std::strerror(errno) << '\n';
      return 1;
    }
    const Said said = put(file, line + "\n");
    if (said.returned >= 0) put(file, "nothing\n");
    close(file);
    std::cout << number << ' ' << said.returned << ' ' << said.error << '\n';
  }
  return 0;
}

int load(bool by_path, const char* path) {
  const int file = open_policy();
  if (file < 0) {
    std::cerr << "open: " << std::strerror(errno) << '\n';
    return 1;
  }
  Said said;
  if (by_path) {
    said = put(file, path);
  } else {
    const std::string text = content(path);
    std::string_view left = text;
    while (!left.empty()) {
      const std::string_view line = left.substr(0, left.find('\n'));
      left.remove_prefix(line.size() < left.size() ? line.size() + 1 : line.size());
      said = put(file, std::string(line) + "\n");
      if (said.returned < 0) break;
    }
  }
  std::cout << said.returned << ' ' << said.error << '\n';
  close(file);
  // in force: the file is gone, or may not be written any more
  const int again = open(policy, O_WRONLY | O_CLOEXEC);
  std::cout << "again " << (again < 0 ? errno : 0) << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2) return try_rules(argv[1]);
  if (argc == 3 && std::string_view(argv[1]) == "-l") return load(false, argv[2]);
  if (argc == 3 && std::string_view(argv[1]) == "-p") return load(true, argv[2]);
  return 2;
}
