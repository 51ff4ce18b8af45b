// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/policy/lang/captured_kernel.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/config/kconfig.hpp"
#include "policy/lang/facts.hpp"
#include "tests/support/source_files.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"

namespace etalon::test {
namespace {

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size();
    if (escape && text[i + 1] == 'n') {
      out += '\n';
    } else if (escape && text[i + 1] == 't') {
      out += '\t';
    } else {
      out += text[i];
      continue;
    }
    ++i;
  }
  return out;
}

}  // namespace

policy::KernelFacts captured_kernel(const std::string& version) {
  const Bytes text = source_file("tests/data/ima-policy/config-" + version);
  auto config = kconfig::Config::parse(as_text(text));
  auto parsed = policy::known_kernel(version);
  ETALON_ASSERT(config.has_value() && parsed.has_value());
  return {*parsed, *std::move(config)};
}

std::vector<CapturedRule> captured_rules(const std::string& name) {
  std::vector<CapturedRule> rows;
  const Bytes text = source_file("tests/data/ima-policy/rules-" + name + ".tsv");
  std::string_view rest = as_text(text);
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.empty() || line.front() == '#') continue;
    std::vector<std::string_view> fields;
    for (int i = 0; i < 3; ++i) {
      const std::size_t tab = line.find('\t');
      fields.push_back(line.substr(0, tab));
      line.remove_prefix(tab + 1);
    }
    rows.push_back({.verdict = std::string(fields[0]),
                    .code = std::string(fields[1]),
                    .taken = std::string(fields[2]),
                    .rule = unescape(line)});
  }
  return rows;
}

}  // namespace etalon::test
