// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/walk.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include "mkosi/image/compression.hpp"
#include "mkosi/image/decompress.hpp"
#include "mkosi/image/tree.hpp"
#include "mkosi/uki/uki.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

bool is_newc(ByteView data) {
  return as_text(data).starts_with("0707");
}

// POSIX and GNU tar alike have "ustar" at 257 of the first header.
bool is_tar(ByteView data) {
  constexpr std::size_t magic_offset = 257;
  constexpr std::string_view magic = "ustar";
  return data.size() >= magic_offset + magic.size() &&
         as_text(data.subspan(magic_offset, magic.size())) == magic;
}

tl::unexpected<Error> unknown() {
  return fail(ErrorCode::unsupported, "neither a UKI, nor a cpio or tar archive");
}

}  // namespace

std::string_view name(Format format) {
  switch (format) {
    case Format::directory:
      return "directory";
    case Format::initramfs:
      return "initramfs";
    case Format::tar:
      return "tar";
    case Format::uki:
      return "uki";
  }
  return "";
}

Result<Format> detect_format(ByteView file) {
  if (as_text(file).starts_with("MZ")) return Format::uki;
  if (is_tar(file)) return Format::tar;
  const auto start = std::ranges::find_if(file, [](std::byte b) { return b != std::byte{0}; });
  const ByteView data = file.subspan(static_cast<std::size_t>(start - file.begin()));
  if (is_newc(data)) return Format::initramfs;
  const auto compression = detect_compression(data);
  if (!compression) return unknown();
  TRY_ASSIGN(const auto decoder, Decompressor::make(*compression, data));
  std::array<std::byte, 512> first{};
  TRY_ASSIGN(const std::size_t size, decoder->read(first));
  const ByteView inside = ByteView(first).first(size);
  if (is_newc(inside)) return Format::initramfs;
  if (is_tar(inside)) return Format::tar;
  return unknown();
}

std::vector<Finding> uki_findings(const uki::Uki& image) {
  std::vector<Finding> findings;
  std::ranges::transform(image.pe.findings, std::back_inserter(findings),
                         [](const uki::Finding& finding) {
                           return Finding{.id = finding.id, .message = finding.message};
                         });
  return findings;
}

Result<Walked> walk_uki(ByteView file, const WalkOptions& options) {
  TRY_ASSIGN(const uki::Uki image, uki::decode_uki(file));
  const uki::Content* initrd = image.find(".initrd");
  if (initrd == nullptr) return fail(ErrorCode::not_found, "the UKI has no .initrd section");
  // Memory beyond the stored bytes is zero, which is padding to an initramfs.
  const Bytes copy = initrd->zeros > 0 ? initrd->copy() : Bytes();
  const ByteView content = initrd->zeros > 0 ? ByteView(copy) : initrd->stored;
  TRY_ASSIGN(Walked walked, in(walk_initramfs(content, options), ".initrd"));
  walked.format = Format::uki;
  auto findings = uki_findings(image);
  std::ranges::move(walked.findings, std::back_inserter(findings));
  walked.findings = std::move(findings);
  return walked;
}

namespace {

Result<Walked> walk_bytes(ByteView file, const WalkOptions& options) {
  TRY_ASSIGN(const Format format, detect_format(file));
  switch (format) {
    case Format::uki:
      return walk_uki(file, options);
    case Format::tar:
      return walk_tar(file, options);
    case Format::initramfs:
      return walk_initramfs(file, options);
    case Format::directory:
      break;
  }
  return unknown();
}

Result<Walked> walk_any(const std::string& path, const WalkOptions& options) {
  struct stat info {};

  if (::stat(path.c_str(), &info) != 0) return io_error(path, "open", errno);
  if (S_ISDIR(info.st_mode)) return walk_directory(path, options);
  TRY_ASSIGN(const MappedFile file, MappedFile::open(path));
  auto walked = walk_bytes(file.view(), options);
  TRY(file.check_unchanged());
  return walked;
}

}  // namespace

Result<Walked> walk_image(const std::string& path, const WalkOptions& options) {
  return in_file(walk_any(path, options), path);
}

}  // namespace etalon::image
