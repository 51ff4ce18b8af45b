// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/os_facts.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace etalon::pipeline {
namespace {

// Removes one layer of shell quoting: 'literal', "with \" escapes", and backslashes outside.
std::string unquote(std::string_view value) {
  std::string plain;
  char quote = '\0';
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = '\0';
    } else if (c == '\\' && quote != '\'' && i + 1 < value.size()) {
      plain += value[++i];
    } else {
      plain += c;
    }
  }
  return plain;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Where Debian, Fedora and Arch keep libraries and units, merged /usr or not.
constexpr std::array<std::string_view, 4> library_folders = {
    "/usr/lib/x86_64-linux-gnu/", "/usr/lib64/", "/usr/lib/", "/lib/x86_64-linux-gnu/"};
// The configuration's folder comes first: what stands there takes the place of the same name below.
constexpr std::array<std::string_view, 3> unit_folders = {
    "/etc/systemd/system/", "/usr/lib/systemd/system/", "/lib/systemd/system/"};

using Kind = PathKind;

bool exists(const PathKindOf& kind_of, std::string_view path) {
  return kind_of(path) != Kind::none;
}

bool has_library(const PathKindOf& kind_of, std::string_view name) {
  return std::ranges::any_of(library_folders, [&](std::string_view folder) {
    return exists(kind_of, std::string(folder) + std::string(name));
  });
}

// A target pulls a unit in by a link in its .wants folder, which is not used when the unit is
// masked: an empty file or a link to /dev/null under its own name, or as that link
// (systemd.unit(5)).
bool wants(const PathKindOf& kind_of, std::string_view target, std::string_view unit) {
  const std::string link = std::string(target) + ".wants/" + std::string(unit);
  for (const std::string_view folder : unit_folders) {
    const Kind kind = kind_of(std::string(folder) + link);
    if (kind == Kind::none) continue;
    if (kind == Kind::mask) return false;
    // systemd looks for the unit by the link's name, in the order of the folders.
    for (const std::string_view unit_folder : unit_folders) {
      const Kind own = kind_of(std::string(unit_folder) + std::string(unit));
      if (own != Kind::none) return own != Kind::mask;
    }
    return true;
  }
  return false;
}

bool in_initrd(const PathKindOf& kind_of) {
  return exists(kind_of, "/etc/initrd-release");
}

}  // namespace

std::map<std::string, std::string> parse_os_release(std::string_view text) {
  std::map<std::string, std::string> fields;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trim(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const std::size_t equals = line.find('=');
    if (line.empty() || line.front() == '#' || equals == std::string_view::npos) continue;
    fields.insert_or_assign(std::string(line.substr(0, equals)), unquote(line.substr(equals + 1)));
  }
  return fields;
}

std::vector<std::string> split_cmdline(std::string_view cmdline) {
  std::vector<std::string> words;
  std::string word;
  bool quoted = false;
  const auto finish = [&words, &word] {
    if (!word.empty()) words.push_back(word);
    word.clear();
  };
  for (const char c : cmdline) {
    if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && is_blank(c)) {
      finish();
      if (!words.empty() && words.back() == "--") break;
    } else {
      word += c;
    }
  }
  finish();
  if (!words.empty() && words.back() == "--") words.pop_back();
  return words;
}

ImaCmdline ima_cmdline(std::string_view cmdline) {
  ImaCmdline ima;
  for (const std::string& word : split_cmdline(cmdline)) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) continue;
    const std::string_view key = std::string_view(word).substr(0, equals);
    const std::string value = word.substr(equals + 1);
    if (key == "ima_hash" && ima.hash.empty()) ima.hash = value;
    if ((key == "ima_template" || key == "ima_template_fmt") && ima.tmplate.empty())
      ima.tmplate = value;
    if (key == "ima_policy") ima.policy += (ima.policy.empty() ? "" : "|") + value;
  }
  return ima;
}

std::vector<std::string> boot_phases(const PathKindOf& kind_of) {
  std::vector<std::string> phases = {""};
  if (!has_library(kind_of, "libtss2-esys.so.0")) return phases;
  const auto then = [&phases](std::string_view word) {
    const std::string before = phases.back();
    phases.push_back(before.empty() ? std::string(word) : before + ":" + std::string(word));
  };
  if (in_initrd(kind_of)) {
    if (wants(kind_of, "initrd.target", "systemd-pcrphase-initrd.service")) {
      then("enter-initrd");
      then("leave-initrd");
    }
    return phases;
  }
  if (wants(kind_of, "sysinit.target", "systemd-pcrphase-sysinit.service")) then("sysinit");
  if (wants(kind_of, "sysinit.target", "systemd-pcrphase.service")) then("ready");
  return phases;
}

bool measures_machine(const PathKindOf& kind_of) {
  return wants(kind_of, "sysinit.target", "systemd-pcrmachine.service") ||
         wants(kind_of, "initrd.target", "systemd-pcrmachine.service") ||
         wants(kind_of, "local-fs.target", "systemd-pcrfs-root.service");
}

}  // namespace etalon::pipeline
