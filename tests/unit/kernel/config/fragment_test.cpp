// SPDX-License-Identifier: Apache-2.0
#include "kernel/config/fragment.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernel/config/kconfig.hpp"
#include "kernel/config/request.hpp"
#include "kernel/options/features.hpp"
#include "kernel/options/options.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"

namespace etalon::kconfig {
namespace {

constexpr KernelVersion v6_1{.version = 6, .patchlevel = 1};
constexpr KernelVersion v6_6{.version = 6, .patchlevel = 6};
constexpr KernelVersion v6_12{.version = 6, .patchlevel = 12};
constexpr KernelVersion v7_2{.version = 7, .patchlevel = 2};

std::string fragment(const FragmentRequest& request) {
  const auto text = write_fragment(request);
  EXPECT_TRUE(text.has_value()) << text.error().text();
  return text.value_or("");
}

Config parsed(const std::string& text) {
  const auto config = Config::parse(text);
  EXPECT_TRUE(config.has_value()) << config.error().text();
  return config.value_or(Config());
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(KernelFragment, has_the_exact_forms_of_its_lines) {
  const std::string text = fragment({.features = {Feature::ima}, .kernel = v6_12});
  EXPECT_TRUE(has_line(text, "CONFIG_IMA=y"));
  EXPECT_TRUE(has_line(text, "CONFIG_IMA_MEASURE_PCR_IDX=10"));
  EXPECT_TRUE(has_line(text, "CONFIG_IMA_NG_TEMPLATE=y"));
  EXPECT_TRUE(has_line(text, "# CONFIG_IMA_SIG_TEMPLATE is not set"));
  EXPECT_TRUE(has_line(text, "CONFIG_IMA_DEFAULT_HASH_SHA256=y"));
  EXPECT_TRUE(has_line(text, "# CONFIG_IMA_DEFAULT_HASH_SHA1 is not set"));
  EXPECT_TRUE(has_line(text, "# CONFIG_IMA_WRITE_POLICY is not set"));
  EXPECT_TRUE(has_line(text, "CONFIG_TCG_CRB=y"));
  EXPECT_EQ(text.find("INTEL_TDX_GUEST"), std::string::npos);
}

TEST(KernelFragment, is_a_configuration_with_a_comment_before_each_line) {
  for (const KernelVersion kernel : {v6_1, v6_6, v6_12, v7_2}) {
    for (const Feature feature : {Feature::ima, Feature::ima_appraise, Feature::evm,
                                  Feature::fs_verity, Feature::tdx_guest, Feature::vtpm}) {
      const FragmentRequest request{.features = {feature}, .kernel = kernel};
      const std::string text = fragment(request);
      EXPECT_EQ(text, fragment(request));
      EXPECT_GE(parsed(text).size(), 1U);
      std::string before;
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        const std::string line = text.substr(at, end - at);
        const bool assigns = line.starts_with("CONFIG_") || line.starts_with("# CONFIG_");
        EXPECT_LE(line.size(), 120U) << line;
        if (assigns)
          EXPECT_TRUE(before.starts_with("# " + std::string(name(feature))) ||
                      before.starts_with("# ima"))
              << line;
        before = line;
        at = end + 1;
      }
    }
  }
}

TEST(KernelFragment, names_no_option_that_a_configuration_cannot_set) {
  const std::string text = fragment(
      {.features = {Feature::ima_appraise, Feature::evm, Feature::tdx_guest}, .kernel = v7_2});
  for (const Option& option : options()) {
    if (option.prompt == Prompt::shown) continue;
    const std::string symbol = "CONFIG_" + std::string(option.symbol);
    EXPECT_EQ(text.find(symbol + "="), std::string::npos) << symbol;
    EXPECT_EQ(text.find(symbol + " "), std::string::npos) << symbol;
  }
}

TEST(KernelFragment, follows_the_version) {
  const auto tdx = [](KernelVersion kernel) {
    return fragment({.features = {Feature::tdx_guest}, .kernel = kernel});
  };
  EXPECT_FALSE(has_line(tdx(v6_1), "CONFIG_TDX_GUEST_DRIVER=y"));
  EXPECT_TRUE(has_line(tdx(v6_1), "CONFIG_INTEL_TDX_GUEST=y"));
  EXPECT_TRUE(has_line(tdx(v6_12), "CONFIG_TDX_GUEST_DRIVER=y"));
  EXPECT_NE(tdx(v6_6).find("not every version"), std::string::npos);
  const auto ima = [](KernelVersion kernel) {
    return fragment({.features = {Feature::ima}, .kernel = kernel});
  };
  EXPECT_TRUE(has_line(ima(v7_2), "# CONFIG_IMA_STAGING is not set"));
  EXPECT_EQ(ima(v6_12).find("IMA_STAGING"), std::string::npos);
  EXPECT_TRUE(has_line(ima(v6_1), "# CONFIG_IMA_DISABLE_HTABLE is not set"));
  EXPECT_EQ(ima({.version = 5, .patchlevel = 10}).find("IMA_DISABLE_HTABLE"), std::string::npos);
}

TEST(KernelFragment, takes_hash_and_template) {
  const std::string sha512 = fragment(
      {.features = {Feature::ima}, .kernel = v6_12, .hash = "sha512", .tmplate = "ima-sig"});
  EXPECT_TRUE(has_line(sha512, "CONFIG_IMA_DEFAULT_HASH_SHA512=y"));
  EXPECT_TRUE(has_line(sha512, "# CONFIG_IMA_DEFAULT_HASH_SHA256 is not set"));
  EXPECT_TRUE(has_line(sha512, "CONFIG_IMA_SIG_TEMPLATE=y"));
  EXPECT_TRUE(has_line(sha512, "# CONFIG_IMA_NG_TEMPLATE is not set"));
  EXPECT_EQ(sha512.find("boot with ima_hash="), std::string::npos)
      << "only SHA-384 needs the command line";
  const std::string sha384 =
      fragment({.features = {Feature::ima}, .kernel = v6_12, .hash = "sha384"});
  EXPECT_TRUE(has_line(sha384, "CONFIG_IMA_DEFAULT_HASH_SHA256=y"));
  EXPECT_TRUE(has_line(sha384, "CONFIG_CRYPTO_SHA512=y"));
  EXPECT_NE(sha384.find("boot with ima_hash=sha384"), std::string::npos);
}

TEST(KernelFragment, puts_integrity_among_security_modules_where_it_is_needed) {
  const auto lsm = [](KernelVersion kernel, std::vector<std::string> names) {
    return fragment({.features = {Feature::evm}, .kernel = kernel, .lsm = std::move(names)});
  };
  EXPECT_TRUE(has_line(lsm(v6_1, {"yama", "bpf"}), "CONFIG_LSM=\"yama,bpf,integrity\""));
  EXPECT_TRUE(has_line(lsm(v6_1, {"integrity", "bpf"}), "CONFIG_LSM=\"integrity,bpf\""));
  EXPECT_TRUE(has_line(lsm(v6_12, {"yama", "bpf"}), "CONFIG_LSM=\"yama,bpf\""));
  EXPECT_NE(lsm(v6_1, {}).find("needs integrity"), std::string::npos);
  EXPECT_EQ(lsm(v6_12, {}).find("needs integrity"), std::string::npos);
  EXPECT_EQ(lsm(v6_1, {}).find("CONFIG_LSM"), std::string::npos);
}

TEST(KernelFragment, appraising_is_measuring_as_well) {
  const std::string text = fragment({.features = {Feature::ima_appraise}, .kernel = v6_12});
  EXPECT_TRUE(has_line(text, "CONFIG_IMA_APPRAISE=y"));
  EXPECT_TRUE(has_line(text, "CONFIG_IMA=y"));
  EXPECT_FALSE(has_line(text, "# CONFIG_IMA_APPRAISE is not set"));
  EXPECT_TRUE(has_line(fragment({.features = {Feature::ima}, .kernel = v6_12}),
                       "# CONFIG_IMA_APPRAISE is not set"));
}

struct Refusal {
  const char* name;
  FragmentRequest request;
  ErrorCode code;
  std::string message;
};

class KernelFragmentRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(KernelFragmentRefusal, says_why) {
  const auto text = write_fragment(GetParam().request);
  ASSERT_FALSE(text.has_value());
  EXPECT_EQ(text.error().code, GetParam().code);
  EXPECT_EQ(text.error().message, GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    All, KernelFragmentRefusal,
    testing::Values(
        Refusal{"old_kernel",
                {.features = {Feature::ima}, .kernel = {.version = 5, .patchlevel = 9}},
                ErrorCode::unsupported,
                "the options of Linux 5.9 are not known, only those of 5.10 to 7.2"},
        Refusal{"new_kernel",
                {.features = {Feature::ima}, .kernel = {.version = 7, .patchlevel = 3}},
                ErrorCode::unsupported,
                "the options of Linux 7.3 are not known, only those of 5.10 to 7.2"},
        Refusal{"nothing", {.kernel = v6_12}, ErrorCode::usage, "no feature is asked for"},
        Refusal{"hash",
                {.features = {Feature::ima}, .kernel = v6_12, .hash = "sha1"},
                ErrorCode::usage,
                "hash 'sha1' is none of a choice"},
        Refusal{"template",
                {.features = {Feature::ima}, .kernel = v6_12, .tmplate = "ima"},
                ErrorCode::usage,
                "template 'ima' is none of a choice"},
        Refusal{"no_tdx",
                {.features = {Feature::tdx_guest}, .kernel = {.version = 5, .patchlevel = 10}},
                ErrorCode::unsupported,
                "tdx-guest: Linux 5.10 has no CONFIG_INTEL_TDX_GUEST"},
        Refusal{"uncertain_tdx",
                {.features = {Feature::tdx_guest}, .kernel = {.version = 5, .patchlevel = 15}},
                ErrorCode::unsupported,
                "tdx-guest: it is not known whether Linux 5.15 has CONFIG_INTEL_TDX_GUEST"},
        Refusal{"lsm",
                {.features = {Feature::ima}, .kernel = v6_1, .lsm = {"yama", "a\"b"}},
                ErrorCode::usage,
                "'a\"b' is no security module"}),
    [](const auto& row) { return row.param.name; });

TEST(KernelFeatures, come_from_a_list) {
  const auto features = parse_features("vtpm,ima-appraise,vtpm");
  ASSERT_TRUE(features.has_value());
  EXPECT_EQ(*features, (std::vector{Feature::ima, Feature::ima_appraise, Feature::vtpm}));
  const auto bad = parse_features("ima,");
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().code, ErrorCode::usage);
  EXPECT_EQ(bad.error().message,
            "'' is no feature; there are ima, ima-appraise, evm, fs-verity, tdx-guest, vtpm");
}

TEST(KernelOptions, rows_speak_of_rows) {
  for (const FeatureOption& row : feature_options()) {
    const Option* option = find_option(row.symbol);
    ASSERT_NE(option, nullptr) << row.symbol;
    EXPECT_FALSE(option->why.empty()) << row.symbol;
  }
  for (const Need& need : needs())
    EXPECT_NE(find_option(need.option), nullptr) << need.option;
  for (const Pull& pull : pulls()) {
    EXPECT_NE(find_option(pull.option), nullptr) << pull.option;
    EXPECT_NE(find_option(pull.by), nullptr) << pull.by;
  }
  for (const Option& option : options())
    EXPECT_FALSE(option.source.empty()) << option.symbol;
}

TEST(KernelOptions, guess_nothing_between_two_trees) {
  const Option* driver = find_option("TDX_GUEST_DRIVER");
  ASSERT_NE(driver, nullptr);
  EXPECT_EQ(holds(driver->versions, v6_1), Known::no);
  EXPECT_EQ(holds(driver->versions, v6_6), Known::unknown);
  EXPECT_EQ(holds(driver->versions, v6_12), Known::yes);
  EXPECT_EQ(holds(driver->versions, v7_2), Known::yes);
  const Option* sm3 = find_option("CRYPTO_SM3_GENERIC");
  ASSERT_NE(sm3, nullptr);
  EXPECT_EQ(holds(sm3->versions, {.version = 5, .patchlevel = 10}), Known::no);
  EXPECT_EQ(holds(sm3->versions, v6_12), Known::yes);
  EXPECT_EQ(holds(sm3->versions, {.version = 6, .patchlevel = 16}), Known::unknown);
  EXPECT_EQ(holds(sm3->versions, v7_2), Known::no);
  EXPECT_EQ(holds({}, v7_2), Known::yes);
}

}  // namespace
}  // namespace etalon::kconfig
