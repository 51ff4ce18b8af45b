// SPDX-License-Identifier: Apache-2.0
// What a load map says, as text for comparison.
#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "mkosi/image/loader/load_map.hpp"
#include "mkosi/image/tree.hpp"
#include "tests/support/fake_root.hpp"
#include "tools/base/result.hpp"

namespace etalon::loader {

inline LoadMap map_of(const image::ImageTree& tree) {
  auto map = map_loads(tree);
  EXPECT_TRUE(map.has_value()) << map.error().text();
  return map.value_or(LoadMap{});
}

// "NAME=PATH NAME=PATH[x86-64-v3] …" of the program at `path`; "no program" when it is none.
inline std::string libraries_of(const image::ImageTree& tree, std::string_view path) {
  const LoadMap map = map_of(tree);
  for (const Program& program : map.programs) {
    if (tree.entries()[program.file].path != path) continue;
    std::string text;
    for (const Library& library : program.libraries) {
      text += (text.empty() ? "" : " ") + library.name + "=" + tree.entries()[library.file].path;
      if (!library.hwcaps.empty()) text += "[" + library.hwcaps + "]";
    }
    return text;
  }
  return "no program";
}

// "PATH PATH …" of the script's interpreters.
inline std::string interpreters_of(const image::ImageTree& tree, std::string_view path) {
  const LoadMap map = map_of(tree);
  for (const Script& script : map.scripts) {
    if (tree.entries()[script.file].path != path) continue;
    std::string text;
    for (const EntryIndex interpreter : script.interpreters)
      text += (text.empty() ? "" : " ") + tree.entries()[interpreter].path;
    return text;
  }
  return "no script";
}

// One finding a line: "id path: message".
inline std::string findings_of(const image::ImageTree& tree) {
  std::string text;
  for (const image::Finding& finding : map_of(tree).findings)
    text += finding.id + " " + finding.path + ": " + finding.message + "\n";
  return text;
}

}  // namespace etalon::loader
