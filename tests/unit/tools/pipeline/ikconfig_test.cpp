// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/ikconfig.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "kernel/config/kconfig.hpp"
#include "mkosi/image/compression.hpp"
#include "tests/support/fake_cpio.hpp"
#include "tests/support/fake_uki.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::pipeline {
namespace {

using image::Compression;

constexpr std::string_view config_text = "# Linux/x86 6.12.95 Kernel Configuration\nCONFIG_IMA=y\n";

Bytes join(std::string_view head, ByteView middle, std::string_view tail) {
  Bytes out = to_bytes(as_bytes(head));
  out.insert(out.end(), middle.begin(), middle.end());
  const ByteView end = as_bytes(tail);
  out.insert(out.end(), end.begin(), end.end());
  return out;
}

Bytes gzip(std::string_view text) {
  return test::compress(Compression::gzip, as_bytes(text));
}

// The mark alone comes first, as in the kernel's own code.
Bytes unpacked_kernel(ByteView config) {
  return join(
      "\x7f"
      "ELF IKCFG_ST code IKCFG_ST",
      config, "IKCFG_ED rest");
}

Bytes bzimage(Compression compression, ByteView kernel) {
  Bytes payload = test::compress(compression, kernel);
  if (compression != Compression::gzip) payload.insert(payload.end(), 4, std::byte{0x7e});
  return test::with_payload(test::fake_kernel(), payload);
}

class KernelConfigOf : public testing::TestWithParam<Compression> {};

TEST_P(KernelConfigOf, comes_out_of_a_kernel_of_each_compression) {
  const Bytes file = bzimage(GetParam(), unpacked_kernel(gzip(config_text)));
  const auto found = kernel_config_text(file);
  ASSERT_TRUE(found.has_value()) << found.error().text();
  EXPECT_EQ(found->source, ConfigSource::kernel);
  EXPECT_EQ(found->text, config_text);
  EXPECT_EQ(found->cmdline, std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(All, KernelConfigOf,
                         testing::Values(Compression::gzip, Compression::bzip2, Compression::lzma,
                                         Compression::xz, Compression::lz4, Compression::zstd),
                         [](const auto& row) { return std::string(image::name(row.param)); });

TEST(KernelConfig, comes_out_of_a_uki_with_its_command_line) {
  test::FakePe uki = test::fake_uki();
  uki.add(".linux", as_text(bzimage(Compression::zstd, unpacked_kernel(gzip(config_text)))));
  uki.add(".cmdline", "quiet ima_hash=sha384");
  const Bytes file = uki.build();
  const auto found = kernel_config_text(file);
  ASSERT_TRUE(found.has_value()) << found.error().text();
  EXPECT_EQ(found->source, ConfigSource::uki);
  EXPECT_EQ(found->text, config_text);
  EXPECT_EQ(found->cmdline, "quiet ima_hash=sha384");
}

TEST(KernelConfig, is_read_as_it_is) {
  const auto plain = kernel_config_text(as_bytes(config_text));
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->source, ConfigSource::text);
  EXPECT_EQ(plain->text, config_text);
  const Bytes packed = gzip(config_text);
  const auto unpacked = kernel_config_text(packed);
  ASSERT_TRUE(unpacked.has_value());
  EXPECT_EQ(unpacked->source, ConfigSource::gzip);
  EXPECT_EQ(unpacked->text, config_text);
  const Bytes vmlinux = unpacked_kernel(packed);
  const auto kernel = kernel_config_text(vmlinux);
  ASSERT_TRUE(kernel.has_value()) << kernel.error().text();
  EXPECT_EQ(kernel->source, ConfigSource::kernel);
  EXPECT_EQ(kernel->text, config_text);
}

TEST(KernelConfig, may_fill_its_cap) {
  const std::string text(kconfig::max_config_size, '#');
  const Bytes packed = gzip(text);
  const auto found = kernel_config_text(packed);
  ASSERT_TRUE(found.has_value()) << found.error().text();
  EXPECT_EQ(found->text.size(), text.size());
}

struct Refusal {
  const char* name;
  Bytes file;
  ErrorCode code;
  std::string text;
  std::size_t max_kernel = max_unpacked_kernel;
};

class KernelConfigTextRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(KernelConfigTextRefusal, says_where) {
  const auto found = kernel_config_text(GetParam().file, GetParam().max_kernel);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, GetParam().code);
  EXPECT_EQ(found.error().text(), GetParam().text);
}

std::string too_long() {
  std::string text;
  text.assign(kconfig::max_config_size + 1, '#');
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    All, KernelConfigTextRefusal,
    testing::Values(
        Refusal{"no_configuration",
                bzimage(Compression::xz, as_bytes("\x7f"
                                                  "ELF IKCFG_ST IKCFG_ED")),
                ErrorCode::not_found,
                "kernel: it carries no configuration: CONFIG_IKCONFIG is a module or not set"},
        Refusal{"no_end_mark",
                join("\x7f"
                     "ELF IKCFG_ST",
                     gzip("CONFIG_A=y\n"), "IKCFG_EE"),
                ErrorCode::malformed,
                "kernel: IKCONFIG: end mark at " +
                    std::to_string(13 + gzip("CONFIG_A=y\n").size()) +
                    ": IKCFG_ED does not follow"},
        Refusal{"cut_member",
                join("\x7f"
                     "ELF IKCFG_ST\x1f\x8b\x08",
                     {}, ""),
                ErrorCode::truncated,
                "kernel: IKCONFIG: gzip stream at 16: the input ends inside the stream"},
        Refusal{"config_too_large",
                join("\x7f"
                     "ELF IKCFG_ST",
                     gzip(too_long()), "IKCFG_ED"),
                ErrorCode::limit, "kernel: IKCONFIG: at 13: unpacks to more than 4194304 bytes"},
        Refusal{"gzip_too_large", gzip(too_long()), ErrorCode::limit,
                "gzip file: unpacks to more than 4194304 bytes"},
        Refusal{"two_members", join("", gzip(""), "\x1f\x8b"), ErrorCode::malformed,
                "gzip file: end at " + std::to_string(gzip("").size()) +
                    ": more follows than one member"},
        Refusal{"text_too_large", to_bytes(as_bytes(too_long())), ErrorCode::limit,
                "more than 4194304 bytes, and no kernel image"},
        Refusal{"kernel_too_large", bzimage(Compression::zstd, Bytes(1025)), ErrorCode::limit,
                "kernel: payload: unpacks to more than 1024 bytes", 1024},
        Refusal{"unknown_compression",
                test::with_payload(test::fake_kernel(), as_bytes("\x01\x02\x03\x04")),
                ErrorCode::unsupported, "kernel: payload at 1536: no known compression"},
        Refusal{"no_kernel", test::FakePe{}.add(".text", "x").build(), ErrorCode::unsupported,
                "kernel: bzImage: header magic at 514: no Linux setup header"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace etalon::pipeline
