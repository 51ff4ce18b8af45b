// SPDX-License-Identifier: Apache-2.0
// Grammar of an unpacked kernel: anything, "IKCFG_ST", a gzip member, "IKCFG_ED", anything. Of a
// bzImage's payload: one stream of a compression, and unless that is gzip u32 size unpacked.
#include "tools/pipeline/ikconfig.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "kernel/config/kconfig.hpp"
#include "mkosi/image/compression.hpp"
#include "mkosi/image/decompress.hpp"
#include "mkosi/uki/bzimage.hpp"
#include "mkosi/uki/uki.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::pipeline {
namespace {

// The mark and the gzip magic behind it: the kernel's code has the mark alone as well.
constexpr std::string_view start_mark = "IKCFG_ST\x1f\x8b";
constexpr std::string_view end_mark = "IKCFG_ED";
constexpr std::size_t mark_size = 8;
constexpr std::size_t size_tail = 4;
constexpr std::size_t piece = std::size_t{1} << 20U;

struct Unpacked {
  Bytes bytes{};
  std::uint64_t consumed = 0;
};

Result<Unpacked> unpack(image::Compression compression, ByteView input, std::size_t cap) {
  TRY_ASSIGN(const auto decoder, image::Decompressor::make(compression, input));
  Unpacked out;
  while (true) {
    const std::size_t have = out.bytes.size();
    // One byte beyond the cap is asked for, to see that there is one.
    const std::size_t room = std::min(std::max(have, std::min(piece, cap + 1)), cap + 1 - have);
    out.bytes.resize(have + room);
    TRY_ASSIGN(const std::size_t got, decoder->read(std::span(out.bytes).subspan(have)));
    out.bytes.resize(have + got);
    if (out.bytes.size() > cap)
      return fail(ErrorCode::limit, "unpacks to more than " + std::to_string(cap) + " bytes");
    if (got < room) break;
  }
  out.consumed = decoder->consumed();
  return out;
}

Result<std::string> unpack_kernel(ByteView file, std::size_t max_kernel) {
  TRY_ASSIGN(const uki::BzImage image, in(uki::decode_bzimage(file), "kernel"));
  const auto compression = image::detect_compression(image.payload);
  if (!compression || *compression == image::Compression::none) {
    return in(Result<std::string>(fail_at(ErrorCode::unsupported, "payload", image.payload_offset,
                                          "no known compression")),
              "kernel");
  }
  ByteView payload = image.payload;
  if (*compression != image::Compression::gzip)
    payload = payload.first(payload.size() - std::min(size_tail, payload.size()));
  TRY_ASSIGN(const Unpacked kernel,
             in(in(unpack(*compression, payload, max_kernel), "payload"), "kernel"));
  return in(extract_ikconfig(kernel.bytes), "kernel");
}

Result<KernelConfigText> from_pe(ByteView file, std::size_t max_kernel) {
  TRY_ASSIGN(const uki::Uki image, uki::decode_uki(file));
  const uki::Content* kernel = image.find(".linux");
  KernelConfigText found{.source = ConfigSource::kernel};
  if (kernel != nullptr) {
    found.source = ConfigSource::uki;
    if (const uki::Content* cmdline = image.find(".cmdline"); cmdline != nullptr)
      found.cmdline = uki::text(*cmdline);
  }
  TRY_ASSIGN(found.text, unpack_kernel(kernel == nullptr ? file : kernel->stored, max_kernel));
  return found;
}

bool starts_with(ByteView file, std::string_view magic, std::size_t offset = 0) {
  return file.size() >= offset + magic.size() &&
         as_text(file.subspan(offset, magic.size())) == magic;
}

}  // namespace

std::string_view name(ConfigSource source) {
  switch (source) {
    case ConfigSource::text:
      return "text";
    case ConfigSource::gzip:
      return "gzip";
    case ConfigSource::kernel:
      return "kernel";
    case ConfigSource::uki:
      break;
  }
  return "uki";
}

Result<std::string> extract_ikconfig(ByteView kernel) {
  const std::size_t mark = as_text(kernel).find(start_mark);
  if (mark == std::string_view::npos) {
    return fail(ErrorCode::not_found,
                "it carries no configuration: CONFIG_IKCONFIG is a module or not set");
  }
  const std::size_t start = mark + mark_size;
  auto config = unpack(image::Compression::gzip, kernel.subspan(start), kconfig::max_config_size);
  if (!config) {
    Error error = std::move(config).error();
    error.offset = start + error.offset.value_or(0);
    error.context.emplace_back("IKCONFIG");
    return tl::unexpected(std::move(error));
  }
  const std::size_t end = start + config->consumed;
  if (!starts_with(kernel, end_mark, end)) {
    return in(Result<std::string>(
                  fail_at(ErrorCode::malformed, "end mark", end, "IKCFG_ED does not follow")),
              "IKCONFIG");
  }
  return std::string(as_text(config->bytes));
}

Result<KernelConfigText> kernel_config_text(ByteView file, std::size_t max_kernel) {
  constexpr std::size_t header_magic = 0x202;
  if (starts_with(file, "MZ")) return from_pe(file, max_kernel);
  if (starts_with(file, "HdrS", header_magic)) {
    TRY_ASSIGN(std::string text, unpack_kernel(file, max_kernel));
    return KernelConfigText{.source = ConfigSource::kernel, .text = std::move(text)};
  }
  if (starts_with(file,
                  "\x7f"
                  "ELF")) {
    TRY_ASSIGN(std::string text, in(extract_ikconfig(file), "kernel"));
    return KernelConfigText{.source = ConfigSource::kernel, .text = std::move(text)};
  }
  if (starts_with(file, "\x1f\x8b")) {
    TRY_ASSIGN(const Unpacked config,
               in(unpack(image::Compression::gzip, file, kconfig::max_config_size), "gzip file"));
    if (config.consumed != file.size()) {
      return in(Result<KernelConfigText>(fail_at(ErrorCode::malformed, "end", config.consumed,
                                                 "more follows than one member")),
                "gzip file");
    }
    return KernelConfigText{.source = ConfigSource::gzip,
                            .text = std::string(as_text(config.bytes))};
  }
  if (file.size() > kconfig::max_config_size) {
    return fail(ErrorCode::limit, "more than " + std::to_string(kconfig::max_config_size) +
                                      " bytes, and no kernel image");
  }
  return KernelConfigText{.text = std::string(as_text(file))};
}

}  // namespace etalon::pipeline
