// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/program.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {

void add_policy(cli::Program& program) {
  cli::Verb group = program.verb("policy", "write, judge and explain IMA policy files");
  add_policy_check(group);
  add_policy_explain(group);
  add_policy_generate(group);
  add_policy_simulate(group);
}

}  // namespace etalon::build
