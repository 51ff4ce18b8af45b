// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "tools/cli/program.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {

void add_predict(cli::Program& program) {
  CLI::App& group = *program.app().add_subcommand("predict", "compute register values offline");
  group.require_subcommand(1);
  add_predict_mrtd(program, group);
  add_predict_registers(program, group);
}

}  // namespace etalon::build
