// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/policy/lang/captured_kernel.hpp"

#include <string>
#include <utility>

#include "kernel/config/kconfig.hpp"
#include "policy/lang/facts.hpp"
#include "tests/support/source_files.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"

namespace etalon::test {

policy::KernelFacts captured_kernel(const std::string& version) {
  const Bytes text = source_file("tests/data/ima-policy/config-" + version);
  auto config = kconfig::Config::parse(as_text(text));
  auto parsed = policy::known_kernel(version);
  ETALON_ASSERT(config.has_value() && parsed.has_value());
  return {*parsed, *std::move(config)};
}

}  // namespace etalon::test
