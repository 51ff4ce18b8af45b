// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/os_facts.hpp"

#include <array>
#include <cstddef>
#include <functional>
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
constexpr std::array<std::string_view, 2> unit_folders = {"/usr/lib/systemd/system/",
                                                          "/lib/systemd/system/"};

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
    if (key == "ima_hash") ima.hash = value;
    if (key == "ima_template") ima.tmplate = value;
    if (key == "ima_policy") ima.policy += (ima.policy.empty() ? "" : "|") + value;
  }
  return ima;
}

std::vector<std::string> boot_phases(const std::function<bool(std::string_view path)>& has) {
  const auto in_any = [&has](const auto& folders, std::string_view name) {
    for (const std::string_view folder : folders) {
      if (has(std::string(folder) + std::string(name))) return true;
    }
    return false;
  };
  std::vector<std::string> phases = {""};
  if (!in_any(library_folders, "libtss2-esys.so.0")) return phases;
  const auto then = [&phases](std::string_view word) {
    const std::string before = phases.back();
    phases.push_back(before.empty() ? std::string(word) : before + ":" + std::string(word));
  };
  if (has("/etc/initrd-release")) {
    if (in_any(unit_folders, "initrd.target.wants/systemd-pcrphase-initrd.service")) {
      then("enter-initrd");
      then("leave-initrd");
    }
    return phases;
  }
  if (in_any(unit_folders, "sysinit.target.wants/systemd-pcrphase-sysinit.service")) {
    then("sysinit");
  }
  if (in_any(unit_folders, "sysinit.target.wants/systemd-pcrphase.service")) then("ready");
  return phases;
}

}  // namespace etalon::pipeline
