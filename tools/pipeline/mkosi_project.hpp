// SPDX-License-Identifier: Apache-2.0
// An mkosi project folder as far as it decides what a kernel measures: the settings of mkosi.conf,
// mkosi.conf.d/*.conf and of what they include (mkosi 25, mkosi(1) and mkosi.1.md), and the trees
// that are copied into the image. [Match] sections are not evaluated: what stands beside them is
// taken to apply.
//
//   file    = { section | key "=" value { continuation } | comment | blank }
//   section = "[" name "]"          continuation = a line that begins with a blank
//   comment = ("#" | ";") text      an empty value takes back what was listed before
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::pipeline {

inline constexpr std::uint64_t max_mkosi_file = std::uint64_t{1} << 20U;
inline constexpr std::size_t max_mkosi_files = 256;  // configuration files of one project

struct MkosiTree {
  std::string source{};  // folder
  std::string target{};  // where it goes in the image, without slashes around it; empty: the root
};

struct MkosiProject {
  std::string folder{};
  std::vector<std::string> cmdline{};  // words of KernelCommandLine=
  std::vector<std::string> packages{};
  std::vector<MkosiTree> trees{};    // in the order they are copied: the last one wins
  std::vector<std::string> hooks{};  // mkosi.postoutput scripts
};

// not_found where the folder has no mkosi.conf; malformed with file and line.
Result<MkosiProject> read_mkosi_project(const std::string& folder);

// The file of the image that the trees bring at this path (without a leading slash), and which tree
// file it is; nothing when they bring none. Links in a tree are not followed.
struct MkosiFile {
  std::string path{};
  Bytes content{};
};

Result<std::optional<MkosiFile>> find_in_trees(const MkosiProject& project, std::string_view path);

// Names in a folder of the image that the trees bring, sorted, each once.
Result<std::vector<std::string>> names_in_trees(const MkosiProject& project,
                                                std::string_view folder);

}  // namespace etalon::pipeline
