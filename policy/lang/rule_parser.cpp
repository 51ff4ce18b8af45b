// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/rule_parser.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/ima/template.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/label.hpp"
#include "policy/lang/number.hpp"
#include "policy/lang/parse.hpp"
#include "policy/lang/rule.hpp"
#include "policy/lang/validate.hpp"
#include "tools/base/bytes.hpp"

namespace etalon::policy {
namespace {

Refusal refuse(std::string reason) {
  return {.code = Errno::einval, .reason = std::move(reason)};
}

std::string quoted(std::string_view text) {
  return "'" + printable(text) + "'";
}

std::vector<std::string> split(std::string_view list, char separator) {
  std::vector<std::string> items;
  while (true) {
    const std::size_t end = list.find(separator);
    items.emplace_back(list.substr(0, end));
    if (end == std::string_view::npos) return items;
    list.remove_prefix(end + 1);
  }
}

class RuleParser {
 public:
  explicit RuleParser(Oracle& oracle) : oracle_(oracle) {}

  // Words in order; the first that is refused ends it.
  Outcome read(std::string_view line) {
    while (!line.empty()) {
      const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
      const std::string_view word = line.substr(0, end);
      line.remove_prefix(std::min(end + 1, line.size()));
      if (word.empty()) continue;
      if (word.starts_with('#') && oracle_.holds(Fact::trailing_comment)) break;
      if (auto refusal = read_word(word)) {
        // The kernel takes it for a part of the word; as the last part of a name it would even do.
        if (word.ends_with('\r'))
          refusal->reason = "a carriage return stands at the end of the line";
        return refusal;
      }
    }
    if (auto why = validate_rule(rule_, said_)) return refuse(*std::move(why));
    return std::nullopt;
  }

  Rule take() { return std::move(rule_); }

 private:
  using Reader = Outcome (RuleParser::*)(std::string_view value);

  struct Condition {
    std::string_view key;  // with its operator
    Reader reader;
  };

  static std::span<const Condition> conditions();

  Outcome read_word(std::string_view word) {
    if (const auto action = find_action(word)) return read_action(*action);
    if (word == "permit_directio") {
      rule_.permit_directio = true;
      return std::nullopt;
    }
    for (const auto& [key, reader] : conditions()) {
      if (!word.starts_with(key)) continue;
      if (word.size() == key.size()) return refuse(quoted(word) + " has no value");
      return (this->*reader)(word.substr(key.size()));
    }
    if (word.starts_with('#'))
      return refuse("a comment behind a rule is understood from Linux 6.14 on");
    return refuse("unknown word " + quoted(word));
  }

  Outcome read_action(Action action) {
    if (action == Action::dont_audit && !oracle_.holds(Fact::dont_audit)) {
      return refuse("this kernel does not know dont_audit");
    }
    if (said_.action) return refuse("a second action");
    said_.action = true;
    rule_.action = action;
    return std::nullopt;
  }

  Outcome read_func(std::string_view value) {
    if (rule_.func) return refuse("func= is given twice");
    const auto func = find_func(value);
    if (!func) return refuse(quoted(value) + " is no func");
    if (*func == Func::mmap_check_reqprot && !oracle_.holds(Fact::reqprot))
      return unknown_func(*func);
    if (*func == Func::critical_data && !oracle_.holds(Fact::critical_data))
      return unknown_func(*func);
    if (*func == Func::setxattr_check && !oracle_.holds(Fact::appraise_algos)) {
      return unknown_func(*func);
    }
    if (*func == Func::key_check && !oracle_.holds(Fact::asymmetric_keys)) {
      return refuse("KEY_CHECK needs CONFIG_IMA_MEASURE_ASYMMETRIC_KEYS");
    }
    rule_.func = func;
    return std::nullopt;
  }

  static Outcome unknown_func(Func func) {
    return refuse("this kernel does not know func=" + std::string(name(func)));
  }

  Outcome read_mask(std::string_view value) {
    if (rule_.mask) return refuse("mask= is given twice");
    const bool contained = value.starts_with('^');
    const std::string_view access = contained ? value.substr(1) : value;
    if (const auto kind = find_access(access)) {
      rule_.mask = Mask{.access = *kind, .contained = contained};
      return std::nullopt;
    }
    return refuse(quoted(value) + " is no mask: one of MAY_EXEC, MAY_WRITE, MAY_READ, MAY_APPEND");
  }

  // 0 does not count as set, so it may be given again.
  Outcome read_fsmagic(std::string_view value) {
    if (rule_.fsmagic.value_or(0) != 0) return refuse("fsmagic= is given twice");
    const Number number = parse_number(value, 16);
    if (number.fault == NumberFault::too_large) {
      return Refusal{.code = Errno::erange, .reason = "fsmagic= has more than 64 bits"};
    }
    if (number.fault != NumberFault::none)
      return refuse(quoted(value) + " is no hexadecimal number");
    rule_.fsmagic = number.value;
    return std::nullopt;
  }

  Outcome read_fsname(std::string_view value) {
    rule_.fsname = value;  // the last one counts
    return std::nullopt;
  }

  Outcome read_fs_subtype(std::string_view value) {
    if (!oracle_.holds(Fact::fs_subtype)) return refuse("this kernel does not know fs_subtype=");
    if (rule_.fs_subtype) return refuse("fs_subtype= is given twice");
    rule_.fs_subtype = value;
    return std::nullopt;
  }

  // 36 characters; what follows them is ignored. All zeros do not count as set.
  Outcome read_fsuuid(std::string_view value) {
    constexpr std::string_view form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    constexpr std::string_view none = "00000000-0000-0000-0000-000000000000";
    if (rule_.fsuuid && *rule_.fsuuid != none) return refuse("fsuuid= is given twice");
    std::string uuid(value.substr(0, form.size()));
    for (std::size_t i = 0; i < form.size(); ++i) {
      if (i >= uuid.size()) return refuse(quoted(value) + " is no UUID");
      if (uuid[i] >= 'A' && uuid[i] <= 'F') uuid[i] = static_cast<char>(uuid[i] - 'A' + 'a');
      const bool hex = (uuid[i] >= '0' && uuid[i] <= '9') || (uuid[i] >= 'a' && uuid[i] <= 'f');
      if (form[i] == 'x' ? !hex : uuid[i] != '-') return refuse(quoted(value) + " is no UUID");
    }
    rule_.fsuuid = std::move(uuid);
    return std::nullopt;
  }

  // An id of 32 bits; the last is the invalid one. Only an overflow of 64 bits has an errno of its
  // own.
  static Outcome read_owner(std::string_view value, Owner owner, std::string_view key,
                            std::optional<Owner>& to) {
    constexpr std::uint64_t invalid = 0xffff'ffff;
    if (to) return refuse(std::string(key) + " is given twice");
    const Number number = parse_number(value, 10);
    if (number.fault == NumberFault::too_large) {
      return Refusal{.code = Errno::erange, .reason = quoted(value) + " has more than 64 bits"};
    }
    if (number.fault != NumberFault::none) return refuse(quoted(value) + " is no decimal number");
    if (number.value >= invalid) return refuse(quoted(value) + " is no valid id");
    owner.id = static_cast<std::uint32_t>(number.value);
    to = owner;
    return std::nullopt;
  }

  template <Compare compare, bool effective>
  Outcome read_user(std::string_view value) {
    return read_owner(value, {.compare = compare, .effective = effective}, "uid or euid",
                      rule_.user);
  }

  template <Compare compare, bool effective>
  Outcome read_group(std::string_view value) {
    if (!oracle_.holds(Fact::group_conditions))
      return refuse("this kernel does not know gid and egid");
    return read_owner(value, {.compare = compare, .effective = effective}, "gid or egid",
                      rule_.group);
  }

  template <Compare compare>
  Outcome read_fowner(std::string_view value) {
    return read_owner(value, {.compare = compare}, "fowner", rule_.fowner);
  }

  template <Compare compare>
  Outcome read_fgroup(std::string_view value) {
    if (!oracle_.holds(Fact::group_conditions)) return refuse("this kernel does not know fgroup");
    return read_owner(value, {.compare = compare}, "fgroup", rule_.fgroup);
  }

  // Without the LSM rules of the configuration, and with them before an LSM knows the label, the
  // answer is the same. AppArmor alone knows a label from the start: that of what it does not
  // confine.
  template <LsmField field>
  Outcome read_lsm(std::string_view value) {
    const bool from_start = field == LsmField::subj_role && names_unconfined(value) &&
                            oracle_.holds(Fact::lsm_rules) && oracle_.holds(Fact::apparmor);
    if (oracle_.kernel().labels() == Labels::not_yet && !from_start) {
      return refuse("no LSM policy that knows the label " + quoted(value) +
                    " is loaded when an initramfs loads its IMA policy");
    }
    if (!oracle_.holds(Fact::lsm_rules)) return refuse("labels need CONFIG_IMA_LSM_RULES");
    if (!rule_.lsm.emplace(field, value).second)
      return refuse(std::string(name(field)) + "= is given twice");
    return std::nullopt;
  }

  Outcome read_digest_type(std::string_view value) {
    if (!oracle_.holds(Fact::verity)) return refuse("this kernel does not know digest_type=");
    if (rule_.signature != Signature::any && !oracle_.holds(Fact::free_sigv3)) {
      return refuse("digest_type= must stand before appraise_type=");
    }
    if (value != "verity") return refuse(quoted(value) + " is no digest type: verity");
    rule_.verity = true;
    return std::nullopt;
  }

  Outcome read_appraise_type(std::string_view value) {
    if (value == "imasig") {
      if (rule_.verity) return refuse("imasig does not go with digest_type=verity");
      if (rule_.signature != Signature::modsig) rule_.signature = Signature::imasig;
      return std::nullopt;
    }
    if (value == "sigv3") {
      if (!oracle_.holds(Fact::verity)) return refuse("this kernel does not know sigv3");
      if (!rule_.verity && !oracle_.holds(Fact::free_sigv3)) {
        return refuse("sigv3 needs digest_type=verity before it");
      }
      rule_.signature = Signature::sigv3;
      return std::nullopt;
    }
    if (value == "imasig|modsig") {
      if (!oracle_.holds(Fact::modsig))
        return refuse("imasig|modsig needs CONFIG_IMA_APPRAISE_MODSIG");
      if (rule_.verity) return refuse("imasig|modsig does not go with digest_type=verity");
      rule_.signature = Signature::modsig;
      return std::nullopt;
    }
    return refuse(quoted(value) + " is no appraise type: imasig, imasig|modsig or sigv3");
  }

  Outcome read_appraise_flag(std::string_view value) {
    if (oracle_.holds(Fact::free_appraise_flag)) return std::nullopt;
    if (!oracle_.holds(Fact::modsig))
      return refuse("appraise_flag= needs CONFIG_IMA_APPRAISE_MODSIG");
    if (value.find("blacklist") == std::string_view::npos) {
      return refuse(quoted(value) + " is no appraise flag: check_blacklist");
    }
    rule_.check_blacklist = true;
    return std::nullopt;
  }

  bool spelled_so(const HashName& hash) {
    if (hash.name == "sm3") return oracle_.holds(Fact::sm3_short);
    if (hash.name == "sm3-256") return !oracle_.holds(Fact::sm3_short);
    if (hash.name.starts_with("sha3-")) return oracle_.holds(Fact::sha3);
    return true;
  }

  Outcome read_appraise_algos(std::string_view value) {
    if (!oracle_.holds(Fact::appraise_algos))
      return refuse("this kernel does not know appraise_algos=");
    if (!rule_.algorithms.empty()) return refuse("appraise_algos= is given twice");
    std::vector<std::string> algorithms = split(value, ',');
    for (const std::string& algorithm : algorithms) {
      const auto names = hash_names();
      const auto found = std::ranges::find(names, algorithm, &HashName::name);
      if (found == names.end() || !spelled_so(*found)) {
        return refuse(quoted(algorithm) + " is no hash algorithm this kernel knows");
      }
      if (oracle_.has_hash(*found)) continue;
      return refuse(quoted(algorithm) +
                    (oracle_.kernel().hash_is_module(*found)
                         ? " is a module, which is not loaded when the policy is"
                         : " is not built into this kernel"));
    }
    rule_.algorithms = std::move(algorithms);
    return std::nullopt;
  }

  Outcome read_pcr(std::string_view value) {
    constexpr std::uint64_t bits =
        64;  // of the mask that remembers in which PCRs an inode was measured
    // an int to the kernel, which may be minus zero
    const bool minus = value.starts_with('-');
    const Number number = parse_number(value.substr(minus ? 1 : 0), 10);
    if (number.fault != NumberFault::none || number.value >= (minus ? 1 : bits) ||
        value.starts_with("-+")) {
      return refuse(quoted(value) + " is no PCR: 0 to 63");
    }
    rule_.pcr = static_cast<unsigned>(number.value);  // the last one counts
    return std::nullopt;
  }

  Outcome read_template(std::string_view value) {
    if (!said_.action || rule_.action != Action::measure) {
      return refuse("template= must stand behind measure");
    }
    const ima::Template* found = ima::find_template(value);
    const bool known =
        found != nullptr && (found->name() != "evm-sig" || oracle_.holds(Fact::evm_sig)) &&
        (found->format().find("d-ngv2") == std::string_view::npos || oracle_.holds(Fact::verity));
    if (!known) return refuse(quoted(value) + " is no template this kernel knows");
    if (rule_.templ) return refuse("template= is given twice");
    rule_.templ = found->name();
    return std::nullopt;
  }

  static Outcome read_list(std::string_view value, std::string_view key,
                           std::vector<std::string>& to) {
    if (!to.empty()) return refuse(std::string(key) + " is given twice");
    std::vector<std::string> items = split(value, '|');
    if (std::ranges::find(items, std::string()) != items.end()) {
      return refuse(std::string(key) + " has an empty item");
    }
    to = std::move(items);
    return std::nullopt;
  }

  Outcome read_keyrings(std::string_view value) {
    if (!oracle_.holds(Fact::asymmetric_keys)) {
      return refuse("keyrings= needs CONFIG_IMA_MEASURE_ASYMMETRIC_KEYS");
    }
    return read_list(value, "keyrings=", rule_.keyrings);
  }

  Outcome read_label(std::string_view value) {
    if (!oracle_.holds(Fact::critical_data)) return refuse("this kernel does not know label=");
    return read_list(value, "label=", rule_.labels);
  }

  Oracle& oracle_;
  Rule rule_;
  Said said_;
};

std::span<const RuleParser::Condition> RuleParser::conditions() {
  using P = RuleParser;
  static constexpr std::array table = {
      Condition{"func=", &P::read_func},
      Condition{"mask=", &P::read_mask},
      Condition{"fsmagic=", &P::read_fsmagic},
      Condition{"fsname=", &P::read_fsname},
      Condition{"fs_subtype=", &P::read_fs_subtype},
      Condition{"fsuuid=", &P::read_fsuuid},
      Condition{"uid=", &P::read_user<Compare::equal, false>},
      Condition{"uid>", &P::read_user<Compare::above, false>},
      Condition{"uid<", &P::read_user<Compare::below, false>},
      Condition{"euid=", &P::read_user<Compare::equal, true>},
      Condition{"euid>", &P::read_user<Compare::above, true>},
      Condition{"euid<", &P::read_user<Compare::below, true>},
      Condition{"gid=", &P::read_group<Compare::equal, false>},
      Condition{"gid>", &P::read_group<Compare::above, false>},
      Condition{"gid<", &P::read_group<Compare::below, false>},
      Condition{"egid=", &P::read_group<Compare::equal, true>},
      Condition{"egid>", &P::read_group<Compare::above, true>},
      Condition{"egid<", &P::read_group<Compare::below, true>},
      Condition{"fowner=", &P::read_fowner<Compare::equal>},
      Condition{"fowner>", &P::read_fowner<Compare::above>},
      Condition{"fowner<", &P::read_fowner<Compare::below>},
      Condition{"fgroup=", &P::read_fgroup<Compare::equal>},
      Condition{"fgroup>", &P::read_fgroup<Compare::above>},
      Condition{"fgroup<", &P::read_fgroup<Compare::below>},
      Condition{"obj_user=", &P::read_lsm<LsmField::obj_user>},
      Condition{"obj_role=", &P::read_lsm<LsmField::obj_role>},
      Condition{"obj_type=", &P::read_lsm<LsmField::obj_type>},
      Condition{"subj_user=", &P::read_lsm<LsmField::subj_user>},
      Condition{"subj_role=", &P::read_lsm<LsmField::subj_role>},
      Condition{"subj_type=", &P::read_lsm<LsmField::subj_type>},
      Condition{"digest_type=", &P::read_digest_type},
      Condition{"appraise_type=", &P::read_appraise_type},
      Condition{"appraise_flag=", &P::read_appraise_flag},
      Condition{"appraise_algos=", &P::read_appraise_algos},
      Condition{"pcr=", &P::read_pcr},
      Condition{"template=", &P::read_template},
      Condition{"keyrings=", &P::read_keyrings},
      Condition{"label=", &P::read_label},
  };
  return table;
}

}  // namespace

Outcome read_rule(std::string_view line, Oracle& oracle, Rule& rule) {
  RuleParser parser(oracle);
  Outcome refusal = parser.read(line);
  if (!refusal) rule = parser.take();
  return refusal;
}

}  // namespace etalon::policy
