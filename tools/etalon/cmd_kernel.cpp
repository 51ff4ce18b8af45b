// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/program.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {

void add_kernel(cli::Program& program) {
  cli::Verb group = program.verb("kernel", "write and check what a kernel is configured with");
  add_kernel_check(group);
  add_kernel_fragment(group);
}

}  // namespace etalon::build
