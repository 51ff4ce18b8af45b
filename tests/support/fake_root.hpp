// SPDX-License-Identifier: Apache-2.0
// A tree of files with contents, as an inspecting walk brings it home.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mkosi/image/elf/facts.hpp"
#include "mkosi/image/tree.hpp"
#include "tests/support/fake_elf.hpp"
#include "tools/base/bytes.hpp"

namespace etalon::test {

class FakeRoot {
 public:
  FakeRoot& file(const std::string& path, std::string_view content, std::uint32_t mode = 0755) {
    return add({.path = path,
                .type = image::EntryType::file,
                .mode = mode,
                .size = content.size(),
                .facts = elf::read_facts(as_bytes(content))});
  }

  FakeRoot& elf(const std::string& path, const FakeElf& elf, std::uint32_t mode = 0755) {
    return file(path, elf.text(), mode);
  }

  FakeRoot& symlink(const std::string& path, std::string target) {
    return add({.path = path,
                .type = image::EntryType::symlink,
                .mode = 0777,
                .target = std::move(target)});
  }

  // One more name of the file at `old`.
  FakeRoot& link(const std::string& path, std::string_view old) {
    for (const image::Entry& entry : entries_) {
      if (entry.path != old) continue;
      image::Entry again = entry;
      again.path = path;
      folders(path);
      entries_.push_back(std::move(again));
      break;
    }
    return *this;
  }

  image::ImageTree tree() const { return image::ImageTree(entries_); }

 private:
  FakeRoot& add(image::Entry entry) {
    folders(entry.path);
    entry.inode = next_++;
    entries_.push_back(std::move(entry));
    return *this;
  }

  // Makes those on the way that are missing.
  void folders(const std::string& path) {
    for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
      const std::string folder = path.substr(0, at);
      if (!folders_.insert(folder).second) continue;
      entries_.push_back(
          {.path = folder, .type = image::EntryType::directory, .mode = 0755, .inode = next_++});
    }
  }

  std::set<std::string> folders_;
  std::vector<image::Entry> entries_;
  std::uint32_t next_ = 0;
};

}  // namespace etalon::test
