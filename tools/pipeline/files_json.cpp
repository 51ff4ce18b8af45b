// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/files_json.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mkosi/image/path.hpp"
#include "mkosi/image/tree.hpp"
#include "references/eventlog/event_json.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utf16.hpp"
#include "tools/codec/base64.hpp"
#include "tools/codec/json.hpp"

namespace etalon::pipeline {

void add_path(Json::Object& record, std::string_view path) {
  if (decode_utf8(path)) {
    record.emplace("path", path);
    return;
  }
  record.emplace("path", printable(path));
  record.emplace("path_b64", encode_base64(as_bytes(path)));
}

std::string files_json(const image::ImageTree& tree) {
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
    Json::Object record{{"digests", eventlog::digests_json(entry->digests)}, {"size", entry->size}};
    add_path(record, spelling);
    if (text.size() > 1) text += ',';
    text += Json(std::move(record)).canonical();
  }
  return text + ']';
}

}  // namespace etalon::pipeline
