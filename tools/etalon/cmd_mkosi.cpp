// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/program.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {

void add_mkosi(cli::Program& program) {
  cli::Verb group = program.verb("mkosi", "make an mkosi project measure, and check one");
  add_mkosi_check(group);
  add_mkosi_init(group);
}

}  // namespace etalon::build
