// SPDX-License-Identifier: Apache-2.0
#include "tools/base/registers.hpp"

#include <array>

#include <gtest/gtest.h>

#include "tools/base/result.hpp"

namespace etalon {
namespace {

TEST(RegisterId, prints_and_parses_the_same_name) {
  for (const char* text : {"pcr0", "pcr4", "pcr23", "rtmr0", "rtmr3", "mrtd"}) {
    const auto reg = RegisterId::parse(text);
    ASSERT_TRUE(reg.has_value()) << text;
    EXPECT_EQ(reg->text(), text);
  }
  EXPECT_EQ(RegisterId::parse("pcr4"), (RegisterId::pcr<4>()));
}

TEST(RegisterId, refuses_other_names) {
  for (const char* text : {"", "pcr", "pcr-1", "pcr04", "pcr4 ", "rtmrx", "PCR4", "pcr+1"}) {
    const auto reg = RegisterId::parse(text);
    ASSERT_FALSE(reg.has_value()) << text;
    EXPECT_EQ(reg.error().message, std::string("not a register name: ") + text);
  }
}

TEST(RegisterId, refuses_an_index_out_of_range) {
  EXPECT_EQ(RegisterId::parse("pcr24").error().message, "PCR index 24 is not 0-23");
  EXPECT_EQ(RegisterId::parse("rtmr4").error().message, "RTMR index 4 is not 0-3");
}

}  // namespace
}  // namespace etalon
