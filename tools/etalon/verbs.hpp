// SPDX-License-Identifier: Apache-2.0
// The verbs of etalon, one function and one cmd_<verb>.cpp each: it declares the verb's options on
// the program and hands over what to run.
#pragma once

#include "tools/cli/program.hpp"

namespace etalon::build {

void add_acpi(cli::Program& program);  // the group; its verbs below
void add_acpi_dump(cli::Verb& group);
void add_attach(cli::Program& program);
void add_eventlog(cli::Program& program);  // the group; its verbs below
void add_eventlog_diff(cli::Verb& group);
void add_eventlog_replay(cli::Verb& group);
void add_eventlog_show(cli::Verb& group);
void add_ima(cli::Program& program);  // the group; its verbs below
void add_ima_convert(cli::Verb& group);
void add_ima_sign(cli::Verb& group);
void add_image(cli::Program& program);  // the group; its verbs below
void add_image_show(cli::Verb& group);
void add_image_list(cli::Verb& group);
void add_image_digest(cli::Verb& group);
void add_keygen(cli::Program& program);
void add_kernel(cli::Program& program);  // the group; its verbs below
void add_kernel_check(cli::Verb& group);
void add_kernel_fragment(cli::Verb& group);
void add_measure(cli::Program& program);
void add_mkosi(cli::Program& program);  // the group; its verbs below
void add_mkosi_check(cli::Verb& group);
void add_mkosi_init(cli::Verb& group);
void add_payload(cli::Program& program);
void add_policy(cli::Program& program);  // the group; its verbs below
void add_policy_check(cli::Verb& group);
void add_policy_explain(cli::Verb& group);
void add_policy_generate(cli::Verb& group);
void add_policy_simulate(cli::Verb& group);
void add_predict(cli::Program& program);  // the group; its verbs below
void add_predict_mrtd(cli::Verb& group);
void add_predict_registers(cli::Verb& group);
void add_sign(cli::Program& program);

}  // namespace etalon::build
