// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/files_json.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "mkosi/image/tree.hpp"
#include "tools/base/bytes.hpp"

namespace etalon::pipeline {
namespace {

image::Entry file(std::string path, std::string_view content) {
  image::Entry entry{.path = std::move(path), .size = content.size()};
  entry.head.add(as_bytes(content));
  return entry;
}

TEST(FileKind, goes_by_place_and_then_by_the_first_bytes) {
  struct Case {
    std::string path;
    std::string_view content;
    std::string_view kind;
  };

  const std::string_view elf =
      "\x7f"
      "ELF\x02\x01";
  const std::vector<Case> cases = {
      {"/usr/bin/sh", elf, "elf"},
      {"/usr/bin/tool", "#!/bin/sh\n", "script"},
      {"/usr/bin/a",
       "\x7f"
       "EL",
       "data"},
      {"/etc/empty", "", "data"},
      {"/etc/hash", "#", "data"},
      {"/usr/lib/modules/6.12/kernel/a.ko", elf, "module"},
      {"/lib/modules/6.12/kernel/a.ko.xz",
       "\xfd"
       "7zXZ",
       "module"},
      {"/usr/lib/modules/6.12/a.ko.zst", "", "module"},
      {"/usr/lib/modules/6.12/a.ko.gz", "", "module"},
      {"/usr/lib/modules/6.12/modules.dep", "kernel/a.ko:", "data"},
      {"/usr/lib/modules/6.12/vdso/vdso64.so", elf, "elf"},
      {"/srv/a.ko", elf, "elf"},
      {"/usr/lib/firmware/x.bin", elf, "firmware"},
      {"/lib/firmware/x.bin.zst", "", "firmware"},
  };
  for (const Case& each : cases)
    EXPECT_EQ(file_kind(file(each.path, each.content)), each.kind) << each.path;
}

TEST(FilesJson, has_the_kind_of_every_file) {
  const image::ImageTree tree({file("/b", "#!x"), file("/a\xff", "")});
  EXPECT_EQ(files_json(tree),
            R"([{"digests":{},"kind":"data","path":"/a\\xff","path_b64":"L2H/","size":0},)"
            R"({"digests":{},"kind":"script","path":"/b","size":3}])");
}

}  // namespace
}  // namespace etalon::pipeline
