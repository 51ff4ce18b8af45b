// SPDX-License-Identifier: Apache-2.0
#include "kernel/config/kconfig.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/source_files.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::kconfig {
namespace {

TEST(KernelConfig, reads_every_form_of_a_line) {
  const auto config = Config::parse(
      "#\n# Automatically generated file; DO NOT EDIT.\n\nCONFIG_A=y\nCONFIG_B=m\n"
      "# CONFIG_C is not set\nCONFIG_D=\"te\\\"xt \\\\\"\nCONFIG_E=0x10\nCONFIG_F=\n"
      "# CONFIG_not a symbol is not set\nCONFIG_64BIT=y");
  ASSERT_TRUE(config.has_value());
  EXPECT_TRUE(config->is_builtin("A"));
  EXPECT_TRUE(config->is_module("B"));
  EXPECT_EQ(config->value("C"), "n");
  EXPECT_EQ(config->value("D"), "te\"xt \\");
  EXPECT_EQ(config->value("E"), "0x10");
  EXPECT_EQ(config->value("F"), "");
  EXPECT_EQ(config->value("64BIT"), "y");
  EXPECT_EQ(config->value("ABSENT"), "n");
  EXPECT_EQ(config->size(), 7U);
}

TEST(KernelConfig, takes_the_last_assignment) {
  const auto config = Config::parse("CONFIG_A=m\nCONFIG_A=y\nCONFIG_B=y\n# CONFIG_B is not set\n");
  ASSERT_TRUE(config.has_value());
  EXPECT_TRUE(config->is_builtin("A"));
  EXPECT_EQ(config->value("B"), "n");
}

TEST(KernelConfig, reads_captured_ones) {
  for (const char* version : {"6.1", "6.12", "7.2"}) {
    const Bytes text = test::source_file("tests/data/ima-policy/config-" + std::string(version));
    const auto config = Config::parse(as_text(text));
    ASSERT_TRUE(config.has_value()) << config.error().text();
    EXPECT_TRUE(config->is_builtin("IMA"));
    EXPECT_EQ(config->value("IMA_DEFAULT_TEMPLATE"), "ima-sig");
  }
}

TEST(KernelConfig, knows_whose_it_is) {
  const auto header = [](const std::string& text) {
    const auto config = Config::parse(text);
    EXPECT_TRUE(config.has_value());
    return config.value_or(Config()).header();
  };
  const auto found = header(
      "#\n# Linux/x86 6.12.107 Kernel Configuration\n#\n# Linux/arm 5 Kernel "
      "Configuration\n");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->arch, "x86");
  EXPECT_EQ(found->release, "6.12.107");
  for (const char* other : {"# Linux/x86 Kernel Configuration\n", "# Linux/x86 6.1 Configuration\n",
                            "# Linux/ Kernel Configuration\n", "CONFIG_A=y\n"})
    EXPECT_FALSE(header(other).has_value()) << other;
}

TEST(KernelConfig, can_be_changed) {
  auto config = Config::parse("CONFIG_A=y\n# CONFIG_B is not set\n").value_or(Config());
  EXPECT_TRUE(config.contains("B"));
  EXPECT_FALSE(config.contains("C"));
  config.set("C", "m");
  config.erase("A");
  config.erase("D");
  EXPECT_TRUE(config.is_module("C"));
  EXPECT_FALSE(config.contains("A"));
  EXPECT_EQ(config.size(), 2U);
  EXPECT_EQ(config.line("B"), 2U);
  EXPECT_EQ(config.line("C"), 0U);
}

struct Refusal {
  const char* name;
  std::string text;
  ErrorCode code;
  std::string message;
};

class KernelConfigRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(KernelConfigRefusal, says_which_line) {
  const auto config = Config::parse(GetParam().text);
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().code, GetParam().code);
  EXPECT_EQ(config.error().message, GetParam().message);
}

std::string many_symbols() {
  std::string text;
  for (std::size_t i = 0; i <= max_config_symbols; ++i)
    text += "CONFIG_S" + std::to_string(i) + "=y\n";
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    All, KernelConfigRefusal,
    testing::Values(Refusal{"no_prefix", "CONFIG_A=y\nIMA=y\n", ErrorCode::malformed,
                            "line 2: neither a comment nor CONFIG_...="},
                    Refusal{"no_value", "CONFIG_A\n", ErrorCode::malformed,
                            "line 1: neither a comment nor CONFIG_...="},
                    Refusal{"no_symbol", "CONFIG_=y\n", ErrorCode::malformed,
                            "line 1: neither a comment nor CONFIG_...="},
                    Refusal{"bad_symbol", "CONFIG_A B=y\n", ErrorCode::malformed,
                            "line 1: neither a comment nor CONFIG_...="},
                    Refusal{"open_quote", "CONFIG_A=\"x\n", ErrorCode::malformed,
                            "line 1: a text that does not end with its quote"},
                    Refusal{"text_behind_quote", "CONFIG_A=\"x\" y\n", ErrorCode::malformed,
                            "line 1: a text that does not end with its quote"},
                    Refusal{"escape_at_end", "CONFIG_A=\"x\\\n", ErrorCode::malformed,
                            "line 1: a text that does not end with its quote"},
                    Refusal{"too_many", many_symbols(), ErrorCode::limit,
                            "more than 100000 symbols"},
                    Refusal{"too_large", std::string(max_config_size + 1, '#'), ErrorCode::limit,
                            "more than 4194304 bytes, which no .config has"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace etalon::kconfig
