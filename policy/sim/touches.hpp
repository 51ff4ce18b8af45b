// SPDX-License-Identifier: Apache-2.0
// Which accesses a file can meet, by what it is: the hooks of an exec, of the loader's mappings, of
// module, firmware and policy loading, and of plain opens. Source: Linux 5.10 to 7.2,
// security/integrity/ima/ima_main.c and its callers; the order is that of an exec seen in booted
// kernels 6.1, 6.12 and 7.2.
#pragma once

#include <cstdint>
#include <vector>

#include "policy/lang/facts.hpp"
#include "policy/sim/file_facts.hpp"

namespace etalon::policy {

enum class Executable : std::uint8_t { no, yes };

// In the order they happen when the file is used as what it is; plain opens come last. Whatever has
// an execute permission can be given to execve(), which asks before it knows the format.
std::vector<Touch> touches_of(FileKind kind, Executable executable, const KernelFacts& kernel);

}  // namespace etalon::policy
