// SPDX-License-Identifier: Apache-2.0
// Which configuration symbol brings which hash algorithm, by the kernel's names of them
// (crypto/hash_info.c, in the order of enum hash_algo). An unkeyed hash of a family comes with the
// family's symbol.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/config/kconfig.hpp"

namespace etalon::kconfig {

struct HashName {
  std::string_view name{};
  std::string_view symbol{};      // that provides it
  std::string_view old_symbol{};  // of another version, may be empty
};

std::span<const HashName> hash_names();

// nullptr for a name that is none.
const HashName* find_hash(std::string_view name);

enum class Available : std::uint8_t { no, module, builtin };

Available available(const Config& config, const HashName& hash);

}  // namespace etalon::kconfig
