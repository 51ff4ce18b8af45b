// SPDX-License-Identifier: Apache-2.0
#include "policy/sim/touches.hpp"

#include <array>
#include <vector>

#include "policy/lang/facts.hpp"
#include "policy/lang/rule.hpp"
#include "policy/sim/file_facts.hpp"
#include "tools/base/kernel_version.hpp"

namespace etalon::policy {
namespace {

// Seen in 7.2, not in 6.12: CREDS_CHECK runs for the final binary alone. What lies between asks for
// the script as well, as the older kernels do.
constexpr KernelVersion creds_of_binary_only{.version = 7, .patchlevel = 2};

// ACC_MODE() of open(2)'s flags, with MAY_WRITE for O_TRUNC and MAY_APPEND for O_APPEND.
constexpr std::array opens = {
    may_read,
    may_write,
    AccessMask{may_read | may_write},
    AccessMask{may_write | may_append},
    AccessMask{may_read | may_write | may_append},
};

void add_mapping(std::vector<Touch>& touches, const KernelFacts& kernel) {
  touches.push_back({.func = Func::mmap_check, .mask = may_exec});
  if (kernel.holds(Fact::reqprot) != Known::no)
    touches.push_back({.func = Func::mmap_check_reqprot, .mask = may_exec});
}

void add_exec(std::vector<Touch>& touches, FileKind kind, const KernelFacts& kernel) {
  touches.push_back({.func = Func::file_check, .mask = may_exec});
  touches.push_back({.func = Func::bprm_check, .mask = may_exec});
  if (kind != FileKind::script || kernel.version() < creds_of_binary_only)
    touches.push_back({.func = Func::creds_check, .mask = may_exec});
}

}  // namespace

std::vector<Touch> touches_of(FileKind kind, Executable executable, const KernelFacts& kernel) {
  std::vector<Touch> touches;
  if (executable == Executable::yes) add_exec(touches, kind, kernel);
  switch (kind) {
    case FileKind::program:
      // Without the permission a loader named on the command line maps it all the same.
    case FileKind::loader:
    case FileKind::library:
      add_mapping(touches, kernel);
      break;
    case FileKind::module:
    case FileKind::packed_module:
      touches.push_back({.func = Func::module_check, .mask = may_read});
      break;
    case FileKind::firmware:
      touches.push_back({.func = Func::firmware_check, .mask = may_read});
      break;
    case FileKind::policy:
      touches.push_back({.func = Func::policy_check, .mask = may_read});
      break;
    case FileKind::script:
    case FileKind::data:
      break;
  }
  for (const AccessMask mask : opens)
    touches.push_back({.func = Func::file_check, .mask = mask});
  return touches;
}

}  // namespace etalon::policy
