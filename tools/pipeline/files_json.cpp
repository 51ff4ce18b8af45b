// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/files_json.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mkosi/image/path.hpp"
#include "mkosi/image/tree.hpp"
#include "references/eventlog/event_json.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"
#include "tools/codec/json_bytes.hpp"

namespace etalon::pipeline {
namespace {

// What kmod loads.
constexpr std::array<std::string_view, 4> module_suffixes = {".ko", ".ko.xz", ".ko.zst", ".ko.gz"};

std::size_t index_of(const image::ImageTree& tree, const image::Entry& entry) {
  return static_cast<std::size_t>(&entry - tree.entries().data());
}

}  // namespace

std::string_view file_kind(const image::Entry& entry) {
  // A root may have /lib as a link to /usr/lib or as a folder.
  std::string_view path = entry.path;
  if (path.starts_with("/usr/")) path.remove_prefix(std::string_view("/usr").size());
  const auto ends = [path](std::string_view suffix) { return path.ends_with(suffix); };
  if (path.starts_with("/lib/modules/") && std::ranges::any_of(module_suffixes, ends))
    return "module";
  if (path.starts_with("/lib/firmware/")) return "firmware";
  const std::string_view head = as_text(entry.head.view());
  if (head ==
      "\x7f"
      "ELF")
    return "elf";
  return head.starts_with("#!") ? "script" : "data";
}

std::string files_json(const image::ImageTree& tree, const HooksOf& hooks) {
  std::vector<std::pair<std::string, const image::Entry*>> files;
  for (const image::Entry& entry : tree.entries()) {
    if (entry.type != image::EntryType::file) continue;
    files.emplace_back(image::ima_spelling(entry.path), &entry);
  }
  // Two files may share a spelling; their own paths then decide, so that the order is one order.
  std::ranges::sort(files, [](const auto& a, const auto& b) {
    return std::pair(a.first, a.second->path) < std::pair(b.first, b.second->path);
  });
  std::string text = "[";
  for (const auto& [spelling, entry] : files) {
    Json::Object record{{"digests", eventlog::digests_json(entry->digests)},
                        {"kind", file_kind(*entry)},
                        {"size", entry->size}};
    put_bytes(record, "path", spelling);
    if (hooks) record.emplace("hooks", hooks(index_of(tree, *entry)));
    if (text.size() > 1) text += ',';
    text += Json(std::move(record)).canonical();
  }
  return text + ']';
}

}  // namespace etalon::pipeline
