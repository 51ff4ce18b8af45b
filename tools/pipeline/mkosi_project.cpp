// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/mkosi_project.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/folder.hpp"
#include "tools/base/result.hpp"
#include "tools/pipeline/os_facts.hpp"

namespace etalon::pipeline {
namespace {

constexpr std::string_view blanks = " \t\r";
constexpr std::size_t max_depth = 16;

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

std::vector<std::string> words_of(std::string_view text, std::string_view separators) {
  std::vector<std::string> words;
  while (!text.empty()) {
    text.remove_prefix(std::min(text.find_first_not_of(separators), text.size()));
    const std::string_view word = text.substr(0, text.find_first_of(separators));
    if (!word.empty()) words.emplace_back(word);
    text.remove_prefix(word.size());
  }
  return words;
}

struct Setting {
  std::string key{};
  std::string value{};
};

Result<std::vector<Setting>> parse_settings(std::string_view text) {
  std::vector<Setting> settings;
  bool in_section = false;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string_view said = trimmed(line);
    if (said.empty() || said.front() == '#' || said.front() == ';') continue;
    const auto bad = [number](std::string_view why) {
      return fail(ErrorCode::malformed, "line " + std::to_string(number) + ": " + std::string(why));
    };
    if (said.front() == '[') {
      if (said.back() != ']') return bad("a section without its ]");
      in_section = true;
      continue;
    }
    if (!in_section) return bad("stands before the first section");
    if (blanks.find(line.front()) != std::string_view::npos) {
      if (settings.empty()) return bad("continues nothing");
      settings.back().value += "\n" + std::string(said);
      continue;
    }
    const std::size_t equals = said.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return bad("neither a section nor KEY=VALUE");
    settings.push_back({.key = std::string(trimmed(said.substr(0, equals))),
                        .value = std::string(trimmed(said.substr(equals + 1)))});
  }
  return settings;
}

bool has(const std::vector<FolderEntry>& entries, std::string_view name, FolderEntry::Kind kind) {
  return std::ranges::any_of(
      entries, [&](const FolderEntry& each) { return each.name == name && each.kind == kind; });
}

std::string below(const std::string& folder, std::string_view name) {
  return folder + "/" + std::string(name);
}

class Reader {
 public:
  explicit Reader(const std::string& folder) { project_.folder = folder; }

  Result<MkosiProject> read() {
    TRY_ASSIGN(const Folder top, Folder::open(project_.folder));
    TRY_ASSIGN(const std::vector<FolderEntry> entries, top.entries());
    if (!has(entries, "mkosi.conf", FolderEntry::Kind::file)) {
      return in_file(
          Result<MkosiProject>(fail(ErrorCode::not_found, "no mkosi.conf in this folder")),
          project_.folder);
    }
    TRY(read_folder(project_.folder, 0));
    return std::move(project_);
  }

 private:
  // A folder with a configuration, its own or one that is included.
  Status read_folder(const std::string& folder, std::size_t depth) {
    TRY_ASSIGN(const Folder opened, Folder::open(folder));
    TRY_ASSIGN(const std::vector<FolderEntry> entries, opened.entries());
    for (const char* tree : {"mkosi.skeleton", "mkosi.extra"}) {
      if (has(entries, tree, FolderEntry::Kind::folder)) {
        project_.trees.push_back({.source = below(folder, tree)});
      }
    }
    if (has(entries, "mkosi.conf", FolderEntry::Kind::file)) {
      TRY(read_config(folder, below(folder, "mkosi.conf"), depth));
    }
    if (has(entries, "mkosi.conf.d", FolderEntry::Kind::folder)) {
      TRY(read_drop_ins(folder, below(folder, "mkosi.conf.d"), depth));
    }
    if (has(entries, "mkosi.postoutput", FolderEntry::Kind::file)) {
      project_.hooks.push_back(below(folder, "mkosi.postoutput"));
    }
    return {};
  }

  Status read_drop_ins(const std::string& folder, const std::string& path, std::size_t depth) {
    TRY_ASSIGN(const Folder opened, Folder::open(path));
    TRY_ASSIGN(const std::vector<FolderEntry> entries, opened.entries());
    for (const FolderEntry& each : entries) {
      if (each.kind == FolderEntry::Kind::folder) TRY(read_folder(below(path, each.name), depth));
      if (each.kind == FolderEntry::Kind::file && each.name.ends_with(".conf")) {
        TRY(read_config(folder, below(path, each.name), depth));
      }
    }
    return {};
  }

  Status read_config(const std::string& folder, const std::string& path, std::size_t depth) {
    if (depth > max_depth || ++files_ > max_mkosi_files) {
      return in_file(Status(fail(ErrorCode::limit, "too many files are included")), path);
    }
    TRY_ASSIGN(const Bytes bytes, read_file(path, max_mkosi_file));
    TRY_ASSIGN(const auto settings, in_file(parse_settings(as_text(bytes)), path));
    for (const Setting& each : settings)
      TRY(apply(each, folder, depth));
    return {};
  }

  Status apply(const Setting& setting, const std::string& folder, std::size_t depth) {
    if (setting.key == "KernelCommandLine")
      return list(project_.cmdline, split_cmdline(setting.value));
    if (setting.key == "Packages") {
      return list(project_.packages, words_of(setting.value, " \t\n,"));
    }
    if (setting.key == "ExtraTrees" || setting.key == "SkeletonTrees") {
      for (const std::string& word : words_of(setting.value, " \t\n,"))
        TRY(add_tree(word, folder));
      return {};
    }
    if (setting.key != "Include") return {};
    for (const std::string& word : words_of(setting.value, " \t\n,"))
      TRY(include(resolved(word, folder), depth));
    return {};
  }

  static std::string resolved(const std::string& word, const std::string& folder) {
    return word.starts_with('/') ? word : below(folder, word);
  }

  static Status list(std::vector<std::string>& to, std::vector<std::string> words) {
    if (words.empty()) to.clear();
    to.insert(to.end(), std::make_move_iterator(words.begin()),
              std::make_move_iterator(words.end()));
    return {};
  }

  // SOURCE or SOURCE:TARGET; archives are not looked into.
  Status add_tree(const std::string& word, const std::string& folder) {
    const std::size_t colon = word.find(':');
    MkosiTree tree{.source = resolved(word.substr(0, colon), folder)};
    if (colon != std::string::npos) {
      std::string_view target = std::string_view(word).substr(colon + 1);
      while (target.starts_with('/'))
        target.remove_prefix(1);
      while (target.ends_with('/'))
        target.remove_suffix(1);
      tree.target = target;
    }
    TRY_ASSIGN(const bool folder_tree, is_folder(tree.source));
    if (folder_tree) project_.trees.push_back(std::move(tree));
    return {};
  }

  // mkosi's own includes, "mkosi-initrd" and the like, are none of the project's.
  Status include(const std::string& path, std::size_t depth) {
    if (path.starts_with("mkosi-")) return {};
    TRY_ASSIGN(const bool folder, is_folder(path));
    if (folder) return read_folder(path, depth + 1);
    return read_config(path.substr(0, path.rfind('/')), path, depth + 1);
  }

  MkosiProject project_{};
  std::size_t files_ = 0;
};

// What a tree has at the path, which is without slashes at its ends; nothing where it has not got
// that folder.
Result<std::optional<Folder>> folder_in(const std::string& source, std::string_view path) {
  TRY_ASSIGN(Folder folder, Folder::open(source));
  for (const std::string& name : words_of(path, "/")) {
    TRY_ASSIGN(const std::vector<FolderEntry> entries, folder.entries());
    if (!has(entries, name, FolderEntry::Kind::folder)) return std::nullopt;
    TRY_ASSIGN(folder, folder.folder(name));
  }
  return std::optional(std::move(folder));
}

// The path inside the tree; nothing where the tree goes elsewhere.
std::optional<std::string_view> inside(const MkosiTree& tree, std::string_view path) {
  if (tree.target.empty()) return path;
  if (!path.starts_with(tree.target)) return std::nullopt;
  path.remove_prefix(tree.target.size());
  if (path.empty()) return path;
  return path.starts_with('/') ? std::optional(path.substr(1)) : std::nullopt;
}

}  // namespace

Result<MkosiProject> read_mkosi_project(const std::string& folder) {
  return Reader(folder).read();
}

Result<std::optional<MkosiFile>> find_in_trees(const MkosiProject& project, std::string_view path) {
  for (auto tree = project.trees.rbegin(); tree != project.trees.rend(); ++tree) {
    const auto own = inside(*tree, path);
    if (!own) continue;
    const std::size_t slash = own->rfind('/');
    const std::string_view parent = slash == std::string_view::npos ? "" : own->substr(0, slash);
    const std::string name(slash == std::string_view::npos ? *own : own->substr(slash + 1));
    TRY_ASSIGN(const auto folder, folder_in(tree->source, parent));
    if (!folder) continue;
    TRY_ASSIGN(const std::vector<FolderEntry> entries, folder->entries());
    if (!has(entries, name, FolderEntry::Kind::file)) continue;
    TRY_ASSIGN(Bytes content, folder->read_file(name, max_mkosi_file));
    return MkosiFile{.path = below(tree->source, *own), .content = std::move(content)};
  }
  return std::nullopt;
}

Result<std::vector<std::string>> names_in_trees(const MkosiProject& project,
                                                std::string_view folder) {
  std::set<std::string> names;
  for (const MkosiTree& tree : project.trees) {
    const auto own = inside(tree, folder);
    if (!own) continue;
    TRY_ASSIGN(const auto opened, folder_in(tree.source, *own));
    if (!opened) continue;
    TRY_ASSIGN(const std::vector<FolderEntry> entries, opened->entries());
    for (const FolderEntry& each : entries)
      names.insert(each.name);
  }
  return std::vector<std::string>(names.begin(), names.end());
}

}  // namespace etalon::pipeline
