// SPDX-License-Identifier: Apache-2.0
// decoder: kernel/config/kconfig.cpp
// A configuration that parses says the same when what it says is written out again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "kernel/config/kconfig.hpp"
#include "tools/base/assert.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): libFuzzer's byte type
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = etalon::kconfig::Config::parse(text);
  if (!config) {
    (void)config.error().text();
    return 0;
  }
  // The last assignment counts, so the text twice over is the same configuration.
  const std::string twice = std::string(text) + "\n" + std::string(text);
  if (twice.size() > etalon::kconfig::max_config_size) return 0;
  const auto again = etalon::kconfig::Config::parse(twice);
  ETALON_ASSERT(again.has_value() && again->size() == config->size());
  ETALON_ASSERT(again->value("IMA") == config->value("IMA"));
  return 0;
}
