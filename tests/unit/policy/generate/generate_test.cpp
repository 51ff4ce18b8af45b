// SPDX-License-Identifier: Apache-2.0
#include "policy/generate/generate.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "kernel/config/kconfig.hpp"
#include "policy/generate/recipe.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/lint.hpp"
#include "policy/lang/rule.hpp"
#include "tools/base/result.hpp"

namespace etalon::policy {
namespace {

KernelFacts kernel(std::string_view version, std::string_view config = "") {
  if (config.empty()) return {*known_kernel(version), std::nullopt};
  return {*known_kernel(version), *kconfig::Config::parse(config)};
}

// The rules of a generated policy, without its comments.
std::string rules_of(const Recipe& recipe, const KernelFacts& facts) {
  const auto generated = generate_policy(recipe, facts);
  if (!generated) return "refused: " + generated.error().text();
  std::string rules;
  std::string_view rest = generated->text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n') + 1);
    rest.remove_prefix(line.size());
    if (!line.starts_with('#')) rules += line;
  }
  return rules;
}

Recipe measuring(const RecipeItem& item, Root root = Root::initrd) {
  return {.name = "test", .root = root, .measure = {item}};
}

Recipe excluding(const RecipeItem& item, Root root) {
  return {.name = "test",
          .root = root,
          .exclude = {item},
          .measure = {{.what = RecipeSubject::programs}}};
}

Recipe appraising(const RecipeItem& item, Root root) {
  return {.name = "test", .root = root, .appraise = {item}};
}

TEST(GeneratePolicy, writes_a_comment_above_each_rule) {
  const auto generated = generate_policy(
      {.name = "mine", .summary = "One thing.", .measure = {{.what = RecipeSubject::modules}}},
      kernel("6.12"));
  ASSERT_TRUE(generated.has_value()) << generated.error().text();
  EXPECT_EQ(generated->text,
            "# IMA policy of the recipe mine for Linux 6.12, root file system in the initrd.\n"
            "# One thing.\n"
            "# Measures kernel modules loaded from a file.\n"
            "measure func=MODULE_CHECK\n");
  EXPECT_TRUE(generated->left_out.empty());
}

TEST(GeneratePolicy, breaks_long_comments_and_no_word) {
  const std::string word(150, 'x');
  const auto generated = generate_policy(
      {.name = word, .summary = word, .measure = {{.what = RecipeSubject::modules}}},
      kernel("6.12"));
  ASSERT_TRUE(generated.has_value()) << generated.error().text();
  EXPECT_NE(generated->text.find("\n# " + word + "\n# for Linux"), std::string::npos)
      << generated->text;
  EXPECT_NE(generated->text.find("\n# " + word + "\n"), std::string::npos) << generated->text;
}

TEST(GeneratePolicy, writes_a_rule_for_each_process_and_owner) {
  EXPECT_EQ(rules_of(measuring({.what = RecipeSubject::programs,
                                .users = {1, 2},
                                .effective_users = {3},
                                .owners = {0}}),
                     kernel("6.1")),
            "measure func=BPRM_CHECK uid=1 fowner=0\n"
            "measure func=BPRM_CHECK uid=2 fowner=0\n"
            "measure func=BPRM_CHECK euid=3 fowner=0\n");
}

TEST(GeneratePolicy, keeps_template_and_pcr_where_they_belong) {
  EXPECT_EQ(rules_of(measuring({.what = RecipeSubject::kexec, .templ = "ima-sig", .pcr = 11}),
                     kernel("6.1")),
            "measure func=KEXEC_KERNEL_CHECK pcr=11 template=ima-sig\n"
            "measure func=KEXEC_INITRAMFS_CHECK pcr=11 template=ima-sig\n"
            "measure func=KEXEC_CMDLINE pcr=11\n");
  // Up to 5.10 a buffer is only kept with a template that has room for it.
  EXPECT_EQ(rules_of(measuring({.what = RecipeSubject::kexec}), kernel("5.10")),
            "measure func=KEXEC_KERNEL_CHECK\n"
            "measure func=KEXEC_INITRAMFS_CHECK\n"
            "measure func=KEXEC_CMDLINE template=ima-buf\n");
}

TEST(GeneratePolicy, names_keyrings_and_labels) {
  EXPECT_EQ(rules_of(measuring({.what = RecipeSubject::critical_data, .names = {"a", "b"}}),
                     kernel("6.1")),
            "measure func=CRITICAL_DATA label=a|b\n");
  EXPECT_EQ(rules_of(measuring({.what = RecipeSubject::keys, .names = {".ima"}}),
                     kernel("6.1",
                            "CONFIG_IMA_MEASURE_ASYMMETRIC_KEYS=y\n"
                            "CONFIG_CRYPTO_SHA256=y\nCONFIG_CRYPTO_SHA512=y\n")),
            "measure func=KEY_CHECK keyrings=.ima\n");
}

// An initramfs has the magic of tmpfs and another name, on every kernel.
TEST(GeneratePolicy, never_hides_a_root_in_the_initrd_with_tmpfs) {
  for (const char* version : {"5.10", "6.12", "6.14", "7.2"}) {
    EXPECT_EQ(rules_of(excluding({.file_system = "tmpfs"}, Root::initrd), kernel(version)),
              "dont_measure func=FILE_CHECK fsname=tmpfs\nmeasure func=BPRM_CHECK\n");
    EXPECT_EQ(rules_of(excluding({.file_system = "tmpfs"}, Root::disk), kernel(version)),
              "dont_measure func=FILE_CHECK fsmagic=0x1021994\nmeasure func=BPRM_CHECK\n");
  }
  EXPECT_EQ(
      rules_of(excluding({.what = RecipeSubject::programs, .file_system = "tmpfs"}, Root::initrd),
               kernel("6.1")),
      "dont_measure func=BPRM_CHECK fsname=tmpfs\nmeasure func=BPRM_CHECK\n");
  EXPECT_EQ(rules_of(excluding({.file_system = "rootfs"}, Root::initrd), kernel("6.1")),
            "refused: root-excluded: the rule excludes the root file system that lives in the "
            "initrd: no program, library or module in it will be measured");
}

TEST(GeneratePolicy, leaves_out_only_what_is_optional) {
  const RecipeItem item{.what = RecipeSubject::critical_data};
  EXPECT_EQ(rules_of(measuring(item), kernel("5.10")),
            "refused: measure[0]: measure func=CRITICAL_DATA template=ima-buf: this kernel does "
            "not know func=CRITICAL_DATA");
  RecipeItem optional = item;
  optional.optional = true;
  EXPECT_EQ(rules_of(measuring(optional), kernel("5.10")),
            "refused: of what the recipe asks for this kernel can do nothing");
  Recipe both = measuring(optional);
  both.measure.push_back({.what = RecipeSubject::modules});
  const auto generated = generate_policy(both, kernel("5.10"));
  ASSERT_TRUE(generated.has_value()) << generated.error().text();
  ASSERT_EQ(generated->left_out.size(), 1U);
  EXPECT_EQ(generated->left_out.front().reason, "this kernel does not know func=CRITICAL_DATA");
  EXPECT_NE(generated->text.find("# Left out: measure func=CRITICAL_DATA"), std::string::npos);
}

TEST(GeneratePolicy, takes_nothing_that_is_open) {
  EXPECT_EQ(rules_of(measuring({.what = RecipeSubject::keys}), kernel("6.1")),
            "refused: measure[0]: measure func=KEY_CHECK: whether it is accepted depends on "
            "CONFIG_IMA_MEASURE_ASYMMETRIC_KEYS");
}

TEST(GeneratePolicy, refuses_what_the_kernel_refuses) {
  EXPECT_EQ(rules_of(measuring({.what = RecipeSubject::modules, .verity = true}), kernel("6.1")),
            "refused: measure[0]: measure func=MODULE_CHECK digest_type=verity: func=MODULE_CHECK "
            "does not take digest_type=verity");
  EXPECT_EQ(rules_of(measuring({.what = RecipeSubject::modules, .templ = "nope"}), kernel("6.1")),
            "refused: measure[0]: measure func=MODULE_CHECK template=nope: 'nope' is no template "
            "this kernel knows");
  EXPECT_EQ(rules_of(measuring({.what = RecipeSubject::reads, .fsuuid = "1"}), kernel("6.1")),
            "refused: measure[0]: measure func=FILE_CHECK mask=^MAY_READ fsuuid=1: '1' is no UUID");
}

TEST(GeneratePolicy, refuses_what_would_not_be_meant) {
  EXPECT_EQ(
      rules_of(measuring({.what = RecipeSubject::critical_data, .names = {"a|b"}}), kernel("6.1")),
      "refused: the policy would not mean what the recipe says");
  EXPECT_EQ(
      rules_of(measuring({.what = RecipeSubject::reads, .file_system = "nosuchfs"}), kernel("6.1")),
      "refused: measure[0]: no file system nosuchfs is known");
  const std::string label(5000, 'x');
  EXPECT_EQ(
      rules_of(measuring({.what = RecipeSubject::critical_data, .names = {label}}), kernel("6.1"))
          .substr(0, 44),
      "refused: the policy would not be accepted: l");
  Recipe mixed = measuring({.what = RecipeSubject::programs, .verity = true});
  mixed.measure.push_back({.what = RecipeSubject::libraries});
  EXPECT_EQ(rules_of(mixed, kernel("6.1")).substr(0, 22), "refused: verity-mixed:");
}

TEST(GeneratePolicy, appraises_only_where_there_are_signatures) {
  const RecipeItem modules{.what = RecipeSubject::modules, .signature = Signature::imasig};
  EXPECT_EQ(rules_of(appraising(modules, Root::disk), kernel("6.1")),
            "appraise func=MODULE_CHECK appraise_type=imasig\n");
  EXPECT_EQ(rules_of(appraising(modules, Root::initrd), kernel("6.1")),
            "refused: appraise[0]: files in an initrd have no security.ima, so all access would be "
            "refused");
  EXPECT_EQ(rules_of(appraising(modules, Root::disk), kernel("6.1", "CONFIG_IMA=y\n")),
            "refused: appraise: without CONFIG_IMA_APPRAISE the kernel verifies nothing");
  EXPECT_EQ(rules_of(appraising({.what = RecipeSubject::kexec, .signature = Signature::modsig},
                                Root::initrd),
                     kernel("6.1", "CONFIG_IMA_APPRAISE=y\nCONFIG_IMA_APPRAISE_MODSIG=y\n")),
            "appraise func=KEXEC_KERNEL_CHECK appraise_type=imasig|modsig\n"
            "appraise func=KEXEC_INITRAMFS_CHECK appraise_type=imasig|modsig\n");
  EXPECT_EQ(
      rules_of(appraising(
                   {.what = RecipeSubject::programs, .signature = Signature::sigv3, .verity = true},
                   Root::disk),
               kernel("6.1")),
      "appraise func=BPRM_CHECK digest_type=verity appraise_type=sigv3\n");
}

TEST(GeneratePolicy, passes_on_what_the_linter_warns_of) {
  const auto generated =
      generate_policy(measuring({.what = RecipeSubject::programs}), kernel("6.1"));
  ASSERT_TRUE(generated.has_value()) << generated.error().text();
  EXPECT_TRUE(std::ranges::any_of(generated->warnings, [](const LintFinding& finding) {
    return finding.id == "no-mmap-check";
  }));
}

TEST(RecipeWords, are_found_by_their_spelling) {
  for (const auto subject :
       {RecipeSubject::programs, RecipeSubject::reads, RecipeSubject::critical_data})
    EXPECT_EQ(find_subject(name(subject)), subject);
  EXPECT_EQ(find_subject("program"), std::nullopt);
  EXPECT_EQ(find_signature("imasig|modsig"), Signature::modsig);
  EXPECT_EQ(find_signature("modsig"), std::nullopt);
}

}  // namespace
}  // namespace etalon::policy
