// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/record.hpp"

#include <string>

#include <gtest/gtest.h>

#include "kernel/ima/template.hpp"
#include "tests/support/fake_ima_list.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::ima {
namespace {

Record record_of(const Bytes& data, const char* templ = "ima-ng") {
  return {.pcr = 10, .templ = templ, .shape = find_template(templ), .data = data};
}

TEST(Record, reads_digest_and_name) {
  const Bytes data = test::fake_entry("/usr/bin/true").data();
  const auto entry = read_entry(record_of(data));
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->name, "/usr/bin/true");
  EXPECT_EQ(entry->digest.algorithm, "sha256");
  EXPECT_EQ(entry->digest.type, "");
  EXPECT_EQ(entry->digest.value.size(), 32U);
}

TEST(Record, reads_the_type_of_a_digest) {
  const std::string field("verity:sha512:\0xyz", 18);
  const auto digest = parse_digest(FieldKind::d_ngv2, as_bytes(field));
  ASSERT_TRUE(digest.has_value());
  EXPECT_EQ(digest->type, "verity");
  EXPECT_EQ(digest->algorithm, "sha512");
  EXPECT_EQ(as_text(digest->value), "xyz");
}

TEST(Record, reads_the_old_template) {
  Bytes data(20, std::byte{0x11});
  append(data, as_bytes("boot_aggregate"));
  data.resize(276);
  const auto entry = read_entry(record_of(data, "ima"));
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->name, "boot_aggregate");
  EXPECT_EQ(entry->digest.algorithm, "sha1");
  data.resize(275);
  const auto cut = read_entry(record_of(data, "ima"));
  ASSERT_FALSE(cut.has_value());
  EXPECT_EQ(cut.error().message, "template 'ima' has 275 bytes of data, not a digest and a name");
}

struct Refusal {
  const char* what;
  test::FakeEntry entry;
  ErrorCode code;
  const char* message;
};

TEST(Record, refuses_data_that_is_not_made_like_its_template) {
  test::FakeEntry unended = test::fake_entry("/a");
  unended.fields[1].pop_back();
  test::FakeEntry inside = test::fake_entry(std::string("/a\0b", 4));
  test::FakeEntry plain = test::fake_entry("/a");
  plain.fields[0] = to_bytes("sha256");
  test::FakeEntry colonless = test::fake_entry("/a");
  colonless.fields[0] = to_bytes(std::string("sha256\0x", 8));
  test::FakeEntry more = test::fake_entry("/a");
  more.fields.push_back(to_bytes("x"));
  test::FakeEntry less = test::fake_entry("/a");
  less.fields.pop_back();
  const Refusal refusals[] = {
      {"no NUL", unended, ErrorCode::malformed, "name does not end with a NUL"},
      {"NUL inside", inside, ErrorCode::malformed, "name has a NUL inside"},
      {"no algorithm", plain, ErrorCode::malformed,
       "digest does not begin with an algorithm, ':' and a NUL"},
      {"no colon", colonless, ErrorCode::malformed,
       "digest does not begin with an algorithm, ':' and a NUL"},
      {"a field more", more, ErrorCode::malformed, "5 trailing bytes"},
      {"a field less", less, ErrorCode::truncated, "need 4 bytes, 0 left"},
  };
  for (const Refusal& each : refusals) {
    const Bytes data = each.entry.data();
    const auto entry = read_entry(record_of(data));
    ASSERT_FALSE(entry.has_value()) << each.what;
    EXPECT_EQ(entry.error().code, each.code) << each.what;
    EXPECT_EQ(entry.error().message, each.message) << each.what;
  }
}

TEST(Record, refuses_digests_of_other_sizes_and_types) {
  const auto digest = parse_digest(FieldKind::d, Bytes(32));
  ASSERT_FALSE(digest.has_value());
  EXPECT_EQ(digest.error().message, "digest has 32 bytes, not 20 or 16");
  const std::string untyped("sha256:\0x", 9);
  const auto typed = parse_digest(FieldKind::d_ngv2, as_bytes(untyped));
  ASSERT_FALSE(typed.has_value());
  EXPECT_EQ(typed.error().message, "digest does not begin with its type and ':'");
}

TEST(Record, does_not_read_templates_it_does_not_know) {
  const auto entry = read_entry({.templ = "new\n"});
  ASSERT_FALSE(entry.has_value());
  EXPECT_EQ(entry.error().code, ErrorCode::unsupported);
  EXPECT_EQ(entry.error().message, "template 'new\\x0a' is not known");
}

TEST(Record, is_a_violation_when_its_digest_is_zero) {
  const Bytes zeros(20);
  const Bytes other(20, std::byte{1});
  EXPECT_TRUE(is_violation({.digest = zeros}));
  EXPECT_FALSE(is_violation({.digest = other}));
}

}  // namespace
}  // namespace etalon::ima
