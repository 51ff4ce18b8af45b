// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/known_guid.hpp"

#include <gtest/gtest.h>

#include "tools/base/guid.hpp"

namespace etalon::eventlog {
namespace {

TEST(KnownGuid, names_what_is_known) {
  EXPECT_EQ(known_guid(Guid::literal("4f68bce3-e8cd-4db1-96e7-fbcaf984b709")),
            "Linux root, x86-64");
  EXPECT_EQ(known_guid(Guid{}), "");
  EXPECT_EQ(guid_text(Guid::literal("F2FD1544-9794-4A2C-992E-E5BBCF20E394")),
            "f2fd1544-9794-4a2c-992e-e5bbcf20e394 (SMBIOS 3 table)");
  EXPECT_EQ(guid_text(Guid{}), "00000000-0000-0000-0000-000000000000");
}

}  // namespace
}  // namespace etalon::eventlog
