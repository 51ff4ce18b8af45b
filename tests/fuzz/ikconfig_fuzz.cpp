// SPDX-License-Identifier: Apache-2.0
// decoder: tools/pipeline/ikconfig.cpp
// What is found keeps to its cap, is the same when it is looked for again, and is found in a kernel
// made of nothing but the bytes it was packed in.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "kernel/config/kconfig.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"
#include "tools/pipeline/ikconfig.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t max_kernel = std::size_t{1} << 20U;  // keeps one run short
  const etalon::ByteView file = std::as_bytes(std::span(data, size));
  const auto found = etalon::pipeline::kernel_config_text(file, max_kernel);
  if (!found) {
    (void)found.error().text();
    return 0;
  }
  ETALON_ASSERT(found->text.size() <= etalon::kconfig::max_config_size);
  const auto again = etalon::pipeline::kernel_config_text(file, max_kernel);
  ETALON_ASSERT(again.has_value() && again->text == found->text);
  if (found->source == etalon::pipeline::ConfigSource::text)
    ETALON_ASSERT(found->text == etalon::as_text(file));
  if (found->source != etalon::pipeline::ConfigSource::gzip) return 0;
  std::string kernel =
      "\x7f"
      "ELF"
      "IKCFG_ST";
  kernel += etalon::as_text(file);
  const auto inside = etalon::pipeline::extract_ikconfig(etalon::as_bytes(kernel + "IKCFG_ED"));
  ETALON_ASSERT(inside.has_value() && *inside == found->text);
  return 0;
}
