// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/parse.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "kernel/config/kconfig.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/rule.hpp"
#include "tests/unit/policy/lang/captured_kernel.hpp"

namespace etalon::policy {
namespace {

constexpr KernelVersion k6_12{.version = 6, .patchlevel = 12};

// What booted kernels 6.1, 6.12 and 7.2 said to these rules: A accepted, R refused.
struct Probe {
  std::string_view verdicts;
  std::vector<std::string> rules;
};

const std::vector<Probe> probes = {
    {"AAA",
     {"measure func=PATH_CHECK",
      "measure func=FILE_MMAP",
      "measure func=KEXEC_CMDLINE",
      "measure mask=MAY_EXEC",
      "func=BPRM_CHECK measure",
      "hash func=FILE_CHECK",
      "dont_hash",
      "measure fsname=a fsname=b",
      "measure pcr=10 pcr=11",
      "measure permit_directio permit_directio",
      "appraise appraise_type=imasig appraise_type=imasig",
      "measure func=MODULE_CHECK mask=MAY_EXEC",
      "measure func=POLICY_CHECK mask=^MAY_READ",
      "measure fsmagic=0xfffffffff",
      "measure uid>0",
      "measure egid<4294967294",
      "measure pcr=24",
      "measure pcr=011",
      "measure template=d-ng|n-ng",
      "measure template=ima",
      "measure func=KEY_CHECK template=ima-ng keyrings=a|b",
      "measure func=KEY_CHECK keyrings=a|a",
      "dont_measure func=CRITICAL_DATA label=x",
      "measure func=CRITICAL_DATA template=ima-buf",
      "appraise digest_type=verity appraise_type=sigv3",
      "hash func=BPRM_CHECK digest_type=verity",
      "measure digest_type=verity template=ima-sigv2",
      "appraise func=SETXATTR_CHECK appraise_algos=sha256",
      "audit permit_directio",
      "measure\tfunc=BPRM_CHECK  uid=0 ",
      "\t measure"}},
    {"RRR",
     {"measure func=SETXATTR_CHECK",
      "measure func=POST_SETATTR",
      "measure func=file_check",
      "measure func=",
      "measure measure",
      "measure uid>1 uid<9",
      "measure uid=1 euid=1",
      "measure gid=1 egid=1",
      "measure fowner=1 fowner=1",
      "measure fgroup=1 fgroup=2",
      "measure mask=MAY_EXECX",
      "measure mask=may_exec",
      "measure mask=^",
      "measure fsmagic=tmpfs",
      "measure fsmagic=-1",
      "measure fsmagic=0x",
      "measure fsmagic=+",
      "measure fsuuid=01234567-89ab-cdef-0123-456789abcde",
      "measure sgid=1",
      "measure uid=",
      "measure uid=0x10",
      "measure uid=1 000",
      "measure pcr=0xa",
      "measure pcr=",
      "audit pcr=10",
      "measure template=d-ng",
      "template=ima-ng measure",
      "measure template=ima-ng template=ima-ng",
      "measure func=BPRM_CHECK keyrings=.ima",
      "measure keyrings=.ima",
      "measure label=x",
      "appraise func=KEY_CHECK",
      "measure func=KEY_CHECK permit_directio",
      "appraise func=KEXEC_CMDLINE",
      "appraise appraise_type=modsig",
      "appraise appraise_type=modsig|imasig",
      "appraise appraise_type=",
      "appraise digest_type=verity",
      "measure digest_type=hash",
      "appraise digest_type=verity appraise_type=imasig",
      "measure appraise_flag=",
      "appraise appraise_algos=sha256|sha1",
      "appraise appraise_algos=sha256,,sha1",
      "appraise appraise_algos=foo",
      "appraise appraise_algos=sm3",
      "appraise appraise_algos=sm3-256",
      "measure appraise_algos=sha256",
      "appraise appraise_algos=sha256 appraise_algos=sha256",
      "appraise func=SETXATTR_CHECK appraise_algos=sha256 mask=MAY_READ",
      "measure permit_directio=1",
      "measure, func=BPRM_CHECK",
      "measure func =BPRM_CHECK",
      "measure func=\"BPRM_CHECK\"",
      "measure obj_type=shadow_t",
      "bogus",
      "measure\r",
      "dont_appraise appraise_type=imasig",
      "appraise appraise_type=imasig|modsig"}},
    {"RAA",
     {"measure func=MMAP_CHECK_REQPROT", "measure appraise_flag=foo",
      "appraise func=FILE_CHECK appraise_flag=check_blacklist", "appraise appraise_algos=sha384"}},
    {"RRA",
     {"dont_audit", "measure fs_subtype=x", "appraise appraise_type=sigv3",
      "appraise appraise_type=sigv3 digest_type=verity",
      "appraise appraise_type=imasig digest_type=verity", "measure func=BPRM_CHECK # x",
      "measure #"}},
    {"RAR", {"appraise appraise_algos=sha3-256"}},
};

TEST(JudgeRule, says_what_booted_kernels_say) {
  constexpr std::array versions = {"6.1", "6.12", "7.2"};
  std::size_t judged = 0;
  for (std::size_t v = 0; v < versions.size(); ++v) {
    const KernelFacts kernel = test::captured_kernel(versions[v]);
    for (const Probe& probe : probes) {
      for (const std::string& rule : probe.rules) {
        const Verdict verdict = judge_rule(rule, kernel);
        const Accepted wanted = probe.verdicts[v] == 'A' ? Accepted::yes : Accepted::no;
        EXPECT_EQ(verdict.accepted, wanted)
            << versions[v] << ": " << rule << ": " << verdict.reason;
        ++judged;
      }
    }
  }
  EXPECT_GE(judged, 300U);
}

TEST(JudgeRule, keeps_every_condition) {
  const Verdict verdict = judge_rule(
      "measure func=FILE_MMAP mask=^MAY_EXEC fsmagic=0X1021994 fsname=tmpfs "
      "fsuuid=8BCBE394-4f13-4144-be8e-5aa9ea2ce2f6junk euid>7 gid<8 fowner=9 fgroup=10 pcr=12 "
      "template=d-ng|n-ng|sig permit_directio digest_type=verity",
      test::captured_kernel("6.12"));
  ASSERT_EQ(verdict.accepted, Accepted::yes) << verdict.reason;
  const Rule wanted{.action = Action::measure,
                    .func = Func::mmap_check,
                    .mask = Mask{.access = Access::exec, .contained = true},
                    .fsmagic = 0x01021994,
                    .fsname = "tmpfs",
                    .fsuuid = "8bcbe394-4f13-4144-be8e-5aa9ea2ce2f6",
                    .user = Owner{.id = 7, .compare = Compare::above, .effective = true},
                    .group = Owner{.id = 8, .compare = Compare::below},
                    .fowner = Owner{.id = 9},
                    .fgroup = Owner{.id = 10},
                    .verity = true,
                    .permit_directio = true,
                    .pcr = 12,
                    .templ = "ima-sig"};
  EXPECT_EQ(verdict.rule, wanted);
}

TEST(JudgeRule, takes_comments_and_blank_lines_for_no_rule) {
  for (const char* line : {"", " \t", "# measure", "  #x"}) {
    const Verdict verdict = judge_rule(line, test::captured_kernel("6.1"));
    EXPECT_EQ(verdict.accepted, Accepted::yes) << line;
    EXPECT_FALSE(verdict.rule.has_value()) << line;
  }
}

TEST(JudgeRule, takes_zero_for_not_set) {
  const KernelFacts kernel = test::captured_kernel("6.12");
  constexpr std::string_view none = "fsuuid=00000000-0000-0000-0000-000000000000 ";
  constexpr std::string_view some = "fsuuid=00000000-0000-0000-0000-000000000001 ";
  EXPECT_EQ(judge_rule("measure fsmagic=0x0 fsmagic=1", kernel).accepted, Accepted::yes);
  EXPECT_EQ(judge_rule("measure fsmagic=1 fsmagic=0", kernel).accepted, Accepted::no);
  const std::string twice = "measure " + std::string(none) + std::string(some);
  EXPECT_EQ(judge_rule(twice, kernel).accepted, Accepted::yes);
  EXPECT_EQ(judge_rule(twice + std::string(none), kernel).accepted, Accepted::no);
}

struct Why {
  std::string_view rule;
  Errno code;
  std::string_view reason;
};

std::ostream& operator<<(std::ostream& out, const Why& why) {
  return out << why.rule;
}

class JudgeRuleRefusal : public testing::TestWithParam<Why> {};

TEST_P(JudgeRuleRefusal, names_errno_and_reason) {
  const Verdict verdict = judge_rule(GetParam().rule, test::captured_kernel("6.1"));
  EXPECT_EQ(verdict.accepted, Accepted::no);
  EXPECT_EQ(verdict.code, GetParam().code);
  EXPECT_EQ(verdict.reason, GetParam().reason);
  EXPECT_FALSE(verdict.rule.has_value());
}

INSTANTIATE_TEST_SUITE_P(
    All, JudgeRuleRefusal,
    testing::Values(
        Why{"func=BPRM_CHECK", Errno::einval,
            "no action: one of measure, dont_measure, appraise, ..."},
        Why{"measure audit", Errno::einval, "a second action"},
        Why{"dont_audit", Errno::einval, "this kernel does not know dont_audit"},
        Why{"measure bogus", Errno::einval, "unknown word 'bogus'"},
        Why{"measure x\x01", Errno::einval, "unknown word 'x\\x01'"},
        Why{"measure uid=", Errno::einval, "'uid=' has no value"},
        Why{"measure #x", Errno::einval,
            "a comment behind a rule is understood from Linux 6.14 on"},
        Why{"measure\r", Errno::einval, "a carriage return stands at the end of the line"},
        Why{"measure func=X", Errno::einval, "'X' is no func"},
        Why{"measure func=BPRM_CHECK func=BPRM_CHECK", Errno::einval, "func= is given twice"},
        Why{"measure func=MMAP_CHECK_REQPROT", Errno::einval,
            "this kernel does not know func=MMAP_CHECK_REQPROT"},
        Why{"measure mask=MAY_EXEC mask=MAY_EXEC", Errno::einval, "mask= is given twice"},
        Why{"measure mask=X", Errno::einval,
            "'X' is no mask: one of MAY_EXEC, MAY_WRITE, MAY_READ, MAY_APPEND"},
        Why{"measure fsmagic=1 fsmagic=1", Errno::einval, "fsmagic= is given twice"},
        Why{"measure fsmagic=g", Errno::einval, "'g' is no hexadecimal number"},
        Why{"measure fsmagic=10000000000000000", Errno::erange, "fsmagic= has more than 64 bits"},
        Why{"measure fs_subtype=x", Errno::einval, "this kernel does not know fs_subtype="},
        Why{"measure fsuuid=x", Errno::einval, "'x' is no UUID"},
        Why{"measure uid=x", Errno::einval, "'x' is no decimal number"},
        Why{"measure uid=4294967295", Errno::einval, "'4294967295' is no valid id"},
        Why{"measure uid=18446744073709551616", Errno::erange,
            "'18446744073709551616' has more than 64 bits"},
        Why{"measure uid=1 euid=1", Errno::einval, "uid or euid is given twice"},
        Why{"measure gid=1 egid=1", Errno::einval, "gid or egid is given twice"},
        Why{"measure fowner=1 fowner=1", Errno::einval, "fowner is given twice"},
        Why{"measure fgroup=1 fgroup=1", Errno::einval, "fgroup is given twice"},
        Why{"measure obj_user=a", Errno::einval,
            "no LSM policy that knows the label 'a' is loaded when an initramfs loads its IMA "
            "policy"},
        Why{"measure digest_type=x", Errno::einval, "'x' is no digest type: verity"},
        Why{"appraise appraise_type=imasig digest_type=verity", Errno::einval,
            "digest_type= must stand before appraise_type="},
        Why{"appraise digest_type=verity appraise_type=imasig", Errno::einval,
            "imasig does not go with digest_type=verity"},
        Why{"appraise appraise_type=sigv3", Errno::einval,
            "sigv3 needs digest_type=verity before it"},
        Why{"appraise appraise_type=imasig|modsig", Errno::einval,
            "imasig|modsig needs CONFIG_IMA_APPRAISE_MODSIG"},
        Why{"appraise appraise_type=x", Errno::einval,
            "'x' is no appraise type: imasig, imasig|modsig or sigv3"},
        Why{"measure appraise_flag=x", Errno::einval,
            "appraise_flag= needs CONFIG_IMA_APPRAISE_MODSIG"},
        Why{"appraise appraise_algos=x", Errno::einval,
            "'x' is no hash algorithm this kernel knows"},
        Why{"appraise appraise_algos=sha512", Errno::einval,
            "'sha512' is a module, which is not loaded when the policy is"},
        Why{"appraise appraise_algos=rmd128", Errno::einval,
            "'rmd128' is not built into this kernel"},
        Why{"appraise appraise_algos=sha1 appraise_algos=sha1", Errno::einval,
            "appraise_algos= is given twice"},
        Why{"measure pcr=64", Errno::einval, "'64' is no PCR: 0 to 63"},
        Why{"appraise template=ima", Errno::einval, "template= must stand behind measure"},
        Why{"measure template=x", Errno::einval, "'x' is no template this kernel knows"},
        Why{"measure template=ima template=ima", Errno::einval, "template= is given twice"},
        Why{"measure func=KEY_CHECK keyrings=a keyrings=b", Errno::einval,
            "keyrings= is given twice"},
        Why{"measure func=KEY_CHECK keyrings=a|", Errno::einval, "keyrings= has an empty item"},
        Why{"measure func=CRITICAL_DATA label=a label=b", Errno::einval, "label= is given twice"},
        Why{"measure func=CRITICAL_DATA label=|", Errno::einval, "label= has an empty item"},
        Why{"audit pcr=1", Errno::einval, "pcr= goes only with measure"},
        Why{"measure appraise_type=imasig", Errno::einval,
            "appraise_type= goes only with appraise"},
        Why{"measure appraise_algos=sha1", Errno::einval,
            "appraise_algos= goes only with appraise"},
        Why{"audit func=KEXEC_CMDLINE", Errno::einval,
            "func=KEXEC_CMDLINE goes only with measure and dont_measure"},
        Why{"measure func=SETXATTR_CHECK", Errno::einval,
            "func=SETXATTR_CHECK goes only with appraise"},
        Why{"appraise func=SETXATTR_CHECK", Errno::einval,
            "func=SETXATTR_CHECK needs appraise_algos="},
        Why{"measure func=KEY_CHECK mask=MAY_EXEC", Errno::einval,
            "func=KEY_CHECK does not take mask="},
        Why{"measure label=x", Errno::einval, "a rule without func= does not take label="},
        Why{"appraise digest_type=verity", Errno::einval,
            "appraise with digest_type=verity needs appraise_type=sigv3"}));

// Between the last kernel seen without a feature and the first seen with it, and without the
// configuration, a verdict is not guessed, unless it is the same either way.
TEST(JudgeRule, leaves_open_what_it_cannot_know) {
  const KernelFacts between(KernelVersion{.version = 6, .patchlevel = 6}, std::nullopt);
  const auto reason = [&](const char* rule) {
    const Verdict verdict = judge_rule(rule, between);
    EXPECT_EQ(verdict.accepted, Accepted::unknown) << rule;
    return verdict.reason;
  };
  EXPECT_EQ(reason("measure func=MMAP_CHECK_REQPROT"),
            "depends on func=MMAP_CHECK_REQPROT (in Linux 6.12, not in 6.1)");
  EXPECT_EQ(reason("measure func=KEY_CHECK"), "depends on CONFIG_IMA_MEASURE_ASYMMETRIC_KEYS");
  EXPECT_EQ(reason("appraise appraise_algos=sha1,sha512"), "depends on CONFIG_CRYPTO_SHA512=y");
  EXPECT_EQ(judge_rule("measure func=KEY_CHECK mask=MAY_EXEC", between).accepted, Accepted::no);
  EXPECT_EQ(judge_rule("appraise appraise_algos=sha1", between).accepted, Accepted::yes);
}

// CONFIG_IMA_APPRAISE_MODSIG and the flag that went with it; no captured kernel has it.
TEST(JudgeRule, knows_modsig_where_it_is_built_in) {
  auto config = kconfig::Config::parse("CONFIG_IMA_APPRAISE_MODSIG=y\n");
  ASSERT_TRUE(config.has_value());
  const KernelFacts kernel(KernelVersion{.version = 6, .patchlevel = 1}, *std::move(config));
  const auto judge = [&kernel](std::string_view rule) { return judge_rule(rule, kernel); };
  const std::string modsig = "appraise func=MODULE_CHECK appraise_type=imasig|modsig";
  EXPECT_EQ(judge(modsig).accepted, Accepted::yes);
  EXPECT_EQ(judge(modsig + " appraise_flag=check_blacklist").accepted, Accepted::yes);
  EXPECT_EQ(judge(modsig + " appraise_flag=x").reason, "'x' is no appraise flag: check_blacklist");
  EXPECT_EQ(judge("appraise appraise_flag=check_blacklist").reason,
            "appraise_flag= needs appraise_type=imasig|modsig");
  EXPECT_EQ(judge("measure appraise_flag=check_blacklist").reason,
            "appraise_flag= goes only with appraise");
  EXPECT_EQ(judge("appraise appraise_type=imasig|modsig").reason,
            "a rule without func= does not take appraise_type=imasig|modsig");
  EXPECT_EQ(judge("appraise digest_type=verity appraise_type=imasig|modsig").reason,
            "imasig|modsig does not go with digest_type=verity");
}

TEST(JudgeRule, knows_less_in_an_old_kernel) {
  const KernelFacts kernel(KernelVersion{.version = 5, .patchlevel = 10}, std::nullopt);
  const auto reason = [&kernel](std::string_view rule) { return judge_rule(rule, kernel).reason; };
  EXPECT_EQ(reason("measure func=CRITICAL_DATA"), "this kernel does not know func=CRITICAL_DATA");
  EXPECT_EQ(reason("measure label=x"), "this kernel does not know label=");
  EXPECT_EQ(reason("measure func=SETXATTR_CHECK"), "this kernel does not know func=SETXATTR_CHECK");
  EXPECT_EQ(reason("appraise appraise_algos=sha1"), "this kernel does not know appraise_algos=");
  EXPECT_EQ(reason("measure gid=0"), "this kernel does not know gid and egid");
  EXPECT_EQ(reason("measure fgroup=0"), "this kernel does not know fgroup");
  EXPECT_EQ(reason("measure digest_type=verity"), "this kernel does not know digest_type=");
  EXPECT_EQ(reason("appraise appraise_type=sigv3"), "this kernel does not know sigv3");
  EXPECT_EQ(reason("measure template=ima-ngv2"), "'ima-ngv2' is no template this kernel knows");
  EXPECT_EQ(reason("measure template=evm-sig"), "'evm-sig' is no template this kernel knows");
  EXPECT_EQ(judge_rule("measure template=ima-modsig", kernel).accepted, Accepted::yes);
}

// Linux 6.1 and 6.12 said so of each.
TEST(Rule, a_pcr_may_be_minus_zero) {
  const KernelFacts kernel(k6_12, std::nullopt);
  for (const char* pcr : {"-0", "-00", "+0", "63"})
    EXPECT_EQ(judge_rule("measure pcr=" + std::string(pcr), kernel).accepted, Accepted::yes) << pcr;
  EXPECT_EQ(judge_rule("measure pcr=-0", kernel).rule->pcr, 0U);
  for (const char* pcr : {"-1", "-", "-+0", "+-0", "--0", "-64", "64", "18446744073709551616"}) {
    const Verdict verdict = judge_rule("measure pcr=" + std::string(pcr), kernel);
    EXPECT_EQ(verdict.code, Errno::einval) << pcr;
  }
}

TEST(Rule, a_number_that_is_too_large_is_told_first) {
  const KernelFacts kernel(k6_12, std::nullopt);
  EXPECT_EQ(judge_rule("measure uid=18446744073709551616x", kernel).code, Errno::erange);
  EXPECT_EQ(judge_rule("measure uid=18446744073709551615x", kernel).code, Errno::einval);
  EXPECT_EQ(judge_rule("measure fsmagic=0x10000000000000000z", kernel).code, Errno::erange);
}

// Linux 6.1 and 6.12 with AppArmor said so of each.
TEST(Rule, apparmor_knows_what_it_does_not_confine) {
  const auto config = kconfig::Config::parse(
      "CONFIG_IMA_LSM_RULES=y\nCONFIG_SECURITY_APPARMOR=y\nCONFIG_SECURITY_SELINUX=y\n"
      "CONFIG_LSM=\"lockdown,integrity,apparmor,selinux\"\n");
  const KernelFacts kernel(k6_12, *config);
  for (const char* label : {"unconfined", "unconfine", "u", "&", "&u", "unconfined//&unconfined",
                            "un//&uncon", "u//&", "&u//&un"}) {
    EXPECT_EQ(judge_rule("measure subj_role=" + std::string(label), kernel).accepted, Accepted::yes)
        << label;
  }
  for (const char* label : {"Unconfined", "unconfined_u", "nconfined", "//unconfined", "un/", "&&u",
                            "//&unconfined", "unconfined//&x", "u//&//&u", "u//&//&", ":root:u"}) {
    EXPECT_EQ(judge_rule("measure subj_role=" + std::string(label), kernel).accepted, Accepted::no)
        << label;
  }
  for (const char* field : {"subj_user", "subj_type", "obj_user", "obj_role", "obj_type"}) {
    EXPECT_EQ(judge_rule("measure " + std::string(field) + "=unconfined", kernel).accepted,
              Accepted::no)
        << field;
  }
}

TEST(Rule, which_module_has_the_labels_is_the_first_one) {
  const auto judged = [](const std::string& config) {
    return judge_rule(
               "measure subj_role=unconfined",
               KernelFacts(k6_12, *kconfig::Config::parse("CONFIG_IMA_LSM_RULES=y\n" + config)))
        .accepted;
  };
  const std::string both = "CONFIG_SECURITY_APPARMOR=y\nCONFIG_SECURITY_SELINUX=y\n";
  EXPECT_EQ(judged(both + "CONFIG_LSM=\"selinux,apparmor\"\n"), Accepted::no);
  EXPECT_EQ(judged("CONFIG_SECURITY_APPARMOR=y\nCONFIG_LSM=\"selinux,apparmor\"\n"), Accepted::yes);
  EXPECT_EQ(judged("CONFIG_LSM=\"apparmor\"\n"), Accepted::no);
  EXPECT_EQ(judged("CONFIG_SECURITY_APPARMOR=y\nCONFIG_LSM=\"integrity\"\n"), Accepted::no);
  EXPECT_EQ(judge_rule("measure subj_role=unconfined", KernelFacts(k6_12, std::nullopt)).accepted,
            Accepted::unknown);
}

TEST(Rule, names_are_read_as_they_are_written) {
  for (const char* word : {"measure", "dont_audit", "dont_hash"})
    EXPECT_EQ(name(*find_action(word)), word);
  for (const char* word : {"FILE_CHECK", "MMAP_CHECK", "SETXATTR_CHECK", "KEXEC_INITRAMFS_CHECK"})
    EXPECT_EQ(name(*find_func(word)), word);
  EXPECT_EQ(name(*find_func("PATH_CHECK")), "FILE_CHECK");
}

}  // namespace
}  // namespace etalon::policy
