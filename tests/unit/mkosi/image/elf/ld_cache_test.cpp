// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/elf/ld_cache.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/fake_elf.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"

namespace etalon::elf {
namespace {

using test::FakeLdCache;

constexpr std::uint64_t named = std::uint64_t{1} << 62U;

FakeLdCache two() {
  return {.libraries = {{.name = "libz.so.1",
                         .path = "/lib/glibc-hwcaps/x86-64-v3/libz.so.1",
                         .hwcap = named + 1},
                        {.name = "libz.so.1", .path = "/lib/libz.so.1"},
                        {.name = "liba.so", .path = "/old/liba.so", .flags = 3, .hwcap = 8}},
          .hwcaps = {"x86-64-v2", "x86-64-v3"}};
}

TEST(LdCache, reads_names_paths_and_hwcaps_in_both_byte_orders) {
  for (const bool big : {false, true}) {
    for (const bool old : {false, true}) {
      FakeLdCache fake = two();
      fake.big_endian = big;
      fake.old_table = old && !big;
      const auto cache = decode_ld_cache(fake.build());
      ASSERT_TRUE(cache.has_value()) << cache.error().text();
      const LdCache expected{
          .libraries = {{.soname = "libz.so.1",
                         .path = "/lib/glibc-hwcaps/x86-64-v3/libz.so.1",
                         .flags = 0x303,
                         .hwcap = named + 1,
                         .hwcaps = "x86-64-v3"},
                        {.soname = "libz.so.1", .path = "/lib/libz.so.1", .flags = 0x303},
                        {.soname = "liba.so", .path = "/old/liba.so", .flags = 3, .hwcap = 8}},
          .generator = "fake"};
      EXPECT_EQ(*cache, expected);
    }
  }
}

TEST(LdCache, needs_no_extensions) {
  FakeLdCache fake{.libraries = {{.name = "a", .path = "/a"}}, .extension_offset = 0};
  fake.order_flag = 0;  // before glibc 2.33
  const auto cache = decode_ld_cache(fake.build());
  ASSERT_TRUE(cache.has_value()) << cache.error().text();
  EXPECT_EQ(cache->libraries.size(), 1U);
  EXPECT_EQ(cache->generator, "");
}

TEST(LdCache, reads_the_cache_of_this_machine) {
  const auto file = read_file("/etc/ld.so.cache", max_cache_size);
  if (!file) GTEST_SKIP() << file.error().text();
  const auto cache = decode_ld_cache(*file);
  ASSERT_TRUE(cache.has_value()) << cache.error().text();
  EXPECT_FALSE(cache->libraries.empty());
  EXPECT_NE(cache->generator.find("ldconfig"), std::string::npos);
}

struct Refusal {
  Bytes file{};
  ErrorCode code = ErrorCode::malformed;
  std::string text{};
};

template <class Change>
Bytes but(Change change) {
  FakeLdCache fake = two();
  change(fake);
  return fake.build();
}

Bytes cut(Bytes file, std::size_t size) {
  file.resize(size);
  return file;
}

TEST(LdCache, refuses) {
  Bytes old_only = to_bytes("ld.so-1.7.0");
  old_only.resize(64);
  Bytes many_old = old_only;
  many_old[14] = std::byte{2};
  const std::vector<Refusal> refusals = {
      {to_bytes("glibc"), ErrorCode::malformed, "magic at 0: no ld.so.cache"},
      {cut(two().build(), max_cache_size + 1), ErrorCode::limit, "larger than 16777216 bytes"},
      {old_only, ErrorCode::unsupported, "magic at 16: only the old table"},
      {cut(old_only, 14), ErrorCode::truncated, "nlibs at 12: need 4 bytes, 2 left"},
      {many_old, ErrorCode::limit, "nlibs at 12: more than 100000 libraries"},
      {but([](auto& f) { f.version = "2.0"; }), ErrorCode::unsupported,
       "version at 17: version '2.0'"},
      {cut(two().build(), 19), ErrorCode::truncated, "version at 17: need 3 bytes, 2 left"},
      {cut(two().build(), 28), ErrorCode::truncated, "flags at 28: ends before it"},
      {but([](auto& f) { f.order_flag = 1; }), ErrorCode::malformed,
       "flags at 28: marked as invalid"},
      {cut(two().build(), 40), ErrorCode::truncated, "unused at 36: need 12 bytes, 4 left"},
      {but([](auto& f) { f.count = 100'001; }), ErrorCode::limit,
       "nlibs at 20: more than 100000 libraries"},
      {but([](auto& f) { f.count = 100'000; }), ErrorCode::truncated,
       "nlibs at 20: 100000 libraries in 238 bytes"},
      {but([](auto& f) { f.key = 0x10000; }), ErrorCode::truncated,
       "key at 65536: lies outside the file"},
      {but([](auto& f) { f.extension_offset = 0x10000; }), ErrorCode::truncated,
       "extension_offset at 65536: lies outside the file"},
      {but([](auto& f) { f.extension_magic = 7; }), ErrorCode::malformed,
       "extension magic at 234: 0x7"},
      {but([](auto& f) { f.extension_count = 65; }), ErrorCode::limit,
       "extension count at 234: more than 64"},
      {but([](auto& f) { f.extension_count = 4; }), ErrorCode::truncated,
       "extension size at 286: need 4 bytes, 0 left"},
      {but([](auto& f) { f.hwcaps_size = 12; }), ErrorCode::truncated,
       "extension at 278: lies outside the file"},
      {but([](auto& f) { f.hwcaps_size = 7; }), ErrorCode::malformed,
       "glibc-hwcaps at 278: names in 7 bytes"},
      {but([](auto& f) { f.hwcaps_size = 4; }), ErrorCode::malformed, "hwcap at 64: name 1 of 1"},
      {but([](auto& f) { f.libraries[1].path = std::string(4096, 'p'); }), ErrorCode::malformed,
       "value at 178: no NUL in 4096 bytes"},
  };
  for (const Refusal& each : refusals) {
    const auto cache = decode_ld_cache(each.file);
    ASSERT_FALSE(cache.has_value()) << each.text;
    EXPECT_EQ(cache.error().code, each.code) << cache.error().text();
    EXPECT_EQ(cache.error().text(), each.text);
  }
}

// Many names may share one long string, which is copied for each.
TEST(LdCache, refuses_strings_that_grow_when_copied) {
  FakeLdCache fake{.libraries = {10'000, {.name = std::string(4000, 'n'), .path = "/"}}};
  fake.libraries.front().path = "/x";
  fake.key = 48 + 10'000 * 24;
  for (std::size_t i = 1; i < fake.libraries.size(); ++i)
    fake.libraries[i].name = "";
  const auto cache = decode_ld_cache(fake.build());
  ASSERT_FALSE(cache.has_value());
  EXPECT_EQ(cache.error().code, ErrorCode::limit);
  EXPECT_EQ(cache.error().text(), "key at 240048: strings of more than 33554432 bytes together");
}

}  // namespace
}  // namespace etalon::elf
