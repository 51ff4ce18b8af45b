// SPDX-License-Identifier: Apache-2.0
// The verbs of etalon-verify, one function and one cmd_<verb>.cpp each: it declares the verb's
// options on the program and hands over what to run.
#pragma once

#include "tools/cli/program.hpp"

namespace etalon::relying {

void add_bundle(cli::Program& program);
void add_ima(cli::Program& program);

}  // namespace etalon::relying
