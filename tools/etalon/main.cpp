// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "tools/cli/program.hpp"
#include "tools/crypto/openssl.hpp"
#include "tools/etalon/verbs.hpp"

int main(int argc, char** argv) {
  etalon::crypto::ignore_openssl_config();
  etalon::cli::Program program(
      "etalon", "compute, sign and compare the reference values of confidential VM images");
  etalon::build::add_acpi(program);
  etalon::build::add_eventlog(program);
  etalon::build::add_ima(program);
  etalon::build::add_image(program);
  etalon::build::add_kernel(program);
  etalon::build::add_measure(program);
  etalon::build::add_mkosi(program);
  etalon::build::add_policy(program);
  etalon::build::add_predict(program);
  etalon::build::add_keygen(program);
  etalon::build::add_payload(program);
  etalon::build::add_sign(program);
  etalon::build::add_attach(program);
  return program.main(argc, argv, std::cout, std::cerr);
}
