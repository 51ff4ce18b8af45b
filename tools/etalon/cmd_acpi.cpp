// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/program.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {

void add_acpi(cli::Program& program) {
  cli::Verb group = program.verb("acpi", "get the ACPI tables that firmware measures");
  add_acpi_dump(group);
}

}  // namespace etalon::build
