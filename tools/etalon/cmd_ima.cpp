// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/program.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {

void add_ima(cli::Program& program) {
  cli::Verb group = program.verb("ima", "measurement lists, and signatures of files");
  add_ima_convert(group);
  add_ima_sign(group);
}

}  // namespace etalon::build
