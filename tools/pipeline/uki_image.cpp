// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/uki_image.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <sys/stat.h>

#include "mkosi/image/walk.hpp"
#include "mkosi/uki/bzimage.hpp"
#include "mkosi/uki/uki.hpp"
#include "references/measure/boot/cmdline.hpp"
#include "references/measure/profiles/stub.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utf16.hpp"
#include "tools/pipeline/os_facts.hpp"

namespace etalon::pipeline {
namespace {

constexpr std::array file_algs = {HashAlg::sha256, HashAlg::sha384};

std::string section_text(const uki::Uki& uki, std::string_view section) {
  const uki::Content* content = uki.find(section);
  return content == nullptr ? std::string() : uki::text(*content);
}

std::string os_label(const uki::Uki& uki) {
  const auto fields = parse_os_release(section_text(uki, ".osrel"));
  for (const char* key : {"PRETTY_NAME", "ID"}) {
    const auto at = fields.find(key);
    if (at != fields.end()) return at->second;
  }
  return {};
}

// The kernel's version is a label here; what rests on it refuses an unknown one itself.
std::string kernel_release(const uki::Uki& uki) {
  const uki::Content* linux_section = uki.find(".linux");
  if (linux_section == nullptr) return {};
  const auto kernel = uki::decode_bzimage(linux_section->stored);
  return kernel ? kernel->release() : std::string();
}

// What rests on its exact text, the stub's additions included, is predicted elsewhere; this says
// what the image asks for. Text that is no UTF-8 is refused by check_texts().
std::string cmdline_of(const uki::Uki& uki) {
  const std::string text = section_text(uki, ".cmdline");
  const measure::StubProfile* stub = uki.stub ? measure::find_stub(uki.stub->number) : nullptr;
  const bool cut = stub != nullptr && stub->leading_blanks == measure::LeadingBlanks::cut;
  const auto mangled = measure::mangle_cmdline(
      text, cut ? measure::LeadingBlanks::cut : measure::LeadingBlanks::kept);
  return mangled.value_or(text);
}

Status require_uki(ByteView file) {
  TRY_ASSIGN(const image::Format format, image::detect_format(file));
  if (format == image::Format::uki) return {};
  return fail(
      ErrorCode::unsupported,
      "registers are predicted from a UKI; this is another format: " + std::string(name(format)));
}

// What is published as JSON has to be UTF-8, and sections may hold anything.
Status check_texts(const UkiImage& image) {
  const auto check = [](std::string_view text, const std::string& what) -> Status {
    if (decode_utf8(text)) return {};
    return fail(ErrorCode::malformed, what + " '" + printable(text) + "' is not UTF-8");
  };
  TRY(check(image.name, "the file name"));
  TRY(check(image.os, "the name in .osrel"));
  TRY(check(image.kernel_release, "the version in .linux"));
  TRY(check(image.cmdline, "the text of .cmdline"));
  for (const uki::Section& section : image.uki.pe.sections)
    TRY(check(section.name, "section name"));
  return {};
}

Result<UkiImage> read(MappedFile file, const image::WalkOptions& options) {
  UkiImage image{.file = std::move(file)};
  const ByteView bytes = image.file.view();
  TRY(require_uki(bytes));
  // The digests of the whole file take a core of their own while the root is walked. Declared
  // behind `image`, so that an early return waits for them before the file is unmapped.
  auto digests = std::async(options.jobs > 1 ? std::launch::async : std::launch::deferred,
                            [bytes] { return hash_all(file_algs, bytes); });
  image.name = file_name(image.file.path());
  TRY_ASSIGN(image.uki, uki::decode_uki(bytes));
  if (image.uki.find(".initrd") != nullptr) {
    TRY_ASSIGN(image.walked, image::walk_uki(bytes, options));
  } else {
    image.walked.findings = image::uki_findings(image.uki);
  }
  image.os = os_label(image.uki);
  image.kernel_release = kernel_release(image.uki);
  image.cmdline = cmdline_of(image.uki);
  TRY(check_texts(image));
  image.digests = digests.get();
  return image;
}

}  // namespace

Result<std::optional<UkiKernel>> read_uki_kernel(const std::string& path) {
  struct stat info {};

  if (::stat(path.c_str(), &info) != 0) return io_error(path, "open", errno);
  if (!S_ISREG(info.st_mode)) return std::optional<UkiKernel>();
  TRY_ASSIGN(const MappedFile file, MappedFile::open(path));
  const auto format = image::detect_format(file.view());
  if (!format || *format != image::Format::uki) return std::optional<UkiKernel>();
  TRY_ASSIGN(const uki::Uki uki, in_file(uki::decode_uki(file.view()), path));
  UkiKernel kernel{.release = kernel_release(uki), .cmdline = cmdline_of(uki)};
  TRY(file.check_unchanged());
  return std::optional(std::move(kernel));
}

std::string file_name(std::string_view path) {
  return std::string(path.substr(path.find_last_of('/') + 1));
}

PathKind UkiImage::kind_of(std::string_view path) const {
  const auto found = walked.tree.resolve(path, image::FollowLast::no);
  if (!found || (*found)->type == image::EntryType::directory) return PathKind::none;
  const image::Entry& entry = **found;
  const bool masked =
      entry.type == image::EntryType::symlink ? entry.target == "/dev/null" : entry.size == 0;
  return masked ? PathKind::mask : PathKind::present;
}

Result<UkiImage> open_uki_image(const std::string& path, const image::WalkOptions& options) {
  TRY_ASSIGN(MappedFile file, MappedFile::open(path));
  return in_file(read(std::move(file), options), path);
}

}  // namespace etalon::pipeline
