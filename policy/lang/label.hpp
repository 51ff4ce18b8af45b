// SPDX-License-Identifier: Apache-2.0
// Labels of processes that are known before any security module has loaded a policy. Source: Linux
// 6.1 and 6.12, security/apparmor/audit.c, aa_audit_rule_init(), and label.c,
// aa_label_strn_parse().
#pragma once

#include <string_view>

namespace etalon::policy {

// Whether AppArmor takes this for the label of what it does not confine. It compares no further
// than the text goes, so that every beginning of "unconfined" will do:
//   label = [ "&" ] { beginning "//&" } [ beginning ]
bool names_unconfined(std::string_view label);

}  // namespace etalon::policy
