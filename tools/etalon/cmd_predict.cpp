// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/program.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {

void add_predict(cli::Program& program) {
  cli::Verb group = program.verb("predict", "compute register values offline");
  add_predict_mrtd(group);
  add_predict_registers(group);
}

}  // namespace etalon::build
