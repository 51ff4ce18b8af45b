// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "tools/cli/program.hpp"
#include "tools/etalon-verify/verbs.hpp"

int main(int argc, char** argv) {
  etalon::cli::Program program("etalon-verify",
                               "check bundles of reference values and evidence against them");
  etalon::relying::add_bundle(program);
  return program.main(argc, argv, std::cout, std::cerr);
}
