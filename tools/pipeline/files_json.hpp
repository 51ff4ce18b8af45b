// SPDX-License-Identifier: Apache-2.0
// files.json of a bundle: one record per regular file of the walked root, sorted by path bytes,
// with the path as an IMA list spells it (docs/formats/files.md). It is canonical JSON without
// spaces or newlines and can be read record by record.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "mkosi/image/tree.hpp"
#include "tools/codec/json.hpp"

namespace etalon::pipeline {

// What the kernel does with a file, as far as its place and first bytes tell: "module" and
// "firmware" by the folder they are loaded from, "elf" and "script" by magic, else "data".
std::string_view file_kind(const image::Entry& entry);

// The `hooks` of the file that is the tree's entry of this index.
using HooksOf = std::function<Json(std::size_t entry)>;

// Without `hooks` the records have none.
std::string files_json(const image::ImageTree& tree, const HooksOf& hooks = {});

}  // namespace etalon::pipeline
