// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "tools/cli/program.hpp"
#include "tools/crypto/openssl.hpp"
#include "tools/etalon-verify/verbs.hpp"

int main(int argc, char** argv) {
  etalon::crypto::ignore_openssl_config();
  etalon::cli::Program program("etalon-verify", "check bundles of reference values, and evidence");
  etalon::relying::add_bundle(program);
  etalon::relying::add_ima(program);
  return program.main(argc, argv, std::cout, std::cerr);
}
