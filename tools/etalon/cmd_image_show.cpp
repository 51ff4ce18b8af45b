// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cerrno>
#include <cstdint>
#include <iomanip>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include "mkosi/image/initramfs.hpp"
#include "mkosi/image/tree.hpp"
#include "mkosi/image/walk.hpp"
#include "mkosi/uki/bzimage.hpp"
#include "mkosi/uki/uki.hpp"
#include "references/bundle/manifest.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/codec/json_bytes.hpp"
#include "tools/etalon/image_output.hpp"
#include "tools/etalon/verbs.hpp"
#include "tools/pipeline/components.hpp"

namespace etalon::build {
namespace {

struct ShownSection {
  std::string name{};
  std::uint32_t size = 0;
  std::uint32_t virtual_size = 0;
  std::string sha256{};
};

struct ShownUki {
  std::vector<ShownSection> sections{};
  std::optional<std::string> kernel{};
  std::optional<std::string> cmdline{};
  std::optional<std::string> stub{};
  std::vector<bundle::Component> components{};
  std::vector<image::Finding> findings{};
};

struct Shown {
  std::string format{};
  std::optional<ShownUki> uki{};
  std::optional<std::vector<image::Segment>> segments{};
  std::uint64_t entries = 0;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;  // of files, names of one file counted once
  std::vector<image::Finding> findings{};
};

Result<ShownUki> show_uki(ByteView file) {
  TRY_ASSIGN(const uki::Uki image, uki::decode_uki(file));
  ShownUki shown;
  for (const uki::Section& section : image.pe.sections) {
    TRY_ASSIGN(const uki::Content content, image.pe.content(section));
    constexpr std::array algs = {HashAlg::sha256};
    shown.sections.push_back({.name = section.name,
                              .size = section.raw_size,
                              .virtual_size = section.virtual_size,
                              .sha256 = hash_content(algs, content).begin()->second.hex()});
  }
  if (const uki::Content* cmdline = image.find(".cmdline")) shown.cmdline = text(*cmdline);
  if (image.stub) shown.stub = image.stub->text;
  if (const uki::Content* linux_section = image.find(".linux")) {
    if (const auto kernel = uki::decode_bzimage(linux_section->stored)) {
      shown.kernel = kernel->release();
    }
  }
  TRY_ASSIGN(shown.components, pipeline::uki_components(image.pe));
  shown.findings = image::uki_findings(image);
  return shown;
}

void count(const image::ImageTree& tree, Shown& shown) {
  std::vector<bool> seen(tree.entries().size());
  for (const image::Entry& entry : tree.entries()) {
    ++shown.entries;
    if (entry.type != image::EntryType::file) continue;
    ++shown.files;
    if (!seen[entry.inode]) shown.bytes += entry.size;
    seen[entry.inode] = true;
  }
}

// The sections of a UKI; nothing for a folder or another file.
Result<std::optional<ShownUki>> show_if_uki(const std::string& path) {
  struct stat info {};

  if (::stat(path.c_str(), &info) != 0) return io_error(path, "open", errno);
  if (!S_ISREG(info.st_mode)) return std::optional<ShownUki>();
  TRY_ASSIGN(const MappedFile file, MappedFile::open(path));
  const auto format = image::detect_format(file.view());
  if (!format || *format != image::Format::uki) return std::optional<ShownUki>();
  TRY_ASSIGN(ShownUki shown, in_file(show_uki(file.view()), path));
  TRY(file.check_unchanged());
  return std::optional(std::move(shown));
}

Result<Shown> show(const ImageOptions& options, cli::Io& io) {
  Shown shown;
  auto walked = walk_image(options, {}, io);
  TRY_ASSIGN(shown.uki, show_if_uki(options.image));
  // A UKI without initrd, such as an addon, is worth showing all the same.
  if (shown.uki && !walked && walked.error().code == ErrorCode::not_found) {
    walked = image::Walked{.format = image::Format::uki, .findings = shown.uki->findings};
  }
  TRY_ASSIGN(image::Walked found, std::move(walked));
  shown.format = name(found.format);
  if (found.format == image::Format::uki || found.format == image::Format::initramfs) {
    shown.segments = std::move(found.segments);
  }
  count(found.tree, shown);
  shown.findings = std::move(found.findings);
  return shown;
}

Json segments_json(const std::vector<image::Segment>& segments) {
  Json::Array all;
  for (const image::Segment& segment : segments) {
    all.emplace_back(Json::Object{{"kind", name(segment.kind)},
                                  {"compression", name(segment.compression)},
                                  {"offset", segment.offset},
                                  {"size", segment.size},
                                  {"unpacked", segment.unpacked}});
  }
  return Json(Json::Object{{"segments", std::move(all)}});
}

Json digests_json(const DigestSet& digests) {
  Json::Object object;
  for (const auto& [alg, digest] : digests)
    object.emplace(name(alg), digest.hex());
  return object;
}

// The first component is the file as firmware measures it.
const DigestSet& authenticode_of(const ShownUki& uki) {
  return uki.components.front().digests;
}

void put_uki(Json::Object& object, const ShownUki& uki) {
  Json::Array sections;
  for (const ShownSection& section : uki.sections) {
    Json::Object fields{
        {"size", section.size}, {"virtual_size", section.virtual_size}, {"sha256", section.sha256}};
    put_bytes(fields, "name", section.name);
    sections.emplace_back(std::move(fields));
  }
  object.emplace("sections", std::move(sections));
  if (uki.kernel) {
    Json::Object kernel;
    put_bytes(kernel, "version", *uki.kernel);
    object.emplace("kernel", std::move(kernel));
  }
  if (uki.cmdline) put_bytes(object, "cmdline", *uki.cmdline);
  if (uki.stub) {
    Json::Object stub;
    put_bytes(stub, "version", *uki.stub);
    object.emplace("stub", std::move(stub));
  }
  Json::Array components;
  for (const bundle::Component& component : uki.components) {
    Json::Object fields{{"size", component.size}, {"digests", digests_json(component.digests)}};
    put_bytes(fields, "name", component.name);
    components.emplace_back(std::move(fields));
  }
  object.emplace("authenticode", digests_json(authenticode_of(uki)));
  object.insert_or_assign("components", std::move(components));
}

Json shown_json(const Shown& shown) {
  Json::Object object{
      {"format", shown.format},
      {"tree",
       Json::Object{{"entries", shown.entries}, {"files", shown.files}, {"bytes", shown.bytes}}},
      {"findings", findings_json(shown.findings)},
      {"components", Json::Array()},
      {"partitions", Json::Array()}};  // no disk image is read
  if (shown.uki) put_uki(object, *shown.uki);
  if (shown.segments) object.emplace("initrd", segments_json(*shown.segments));
  return object;
}

std::ostream& label(std::ostream& out, std::string_view text) {
  return out << std::left << std::setw(13) << text;
}

void print_uki(const ShownUki& uki, std::ostream& out) {
  if (uki.kernel) label(out, "kernel") << printable(*uki.kernel) << '\n';
  if (uki.stub) label(out, "stub") << printable(*uki.stub) << '\n';
  if (uki.cmdline) label(out, "cmdline") << printable(*uki.cmdline) << '\n';
  for (const auto& [alg, digest] : authenticode_of(uki))
    label(out, "authenticode") << name(alg) << ' ' << digest.hex() << '\n';
  for (const ShownSection& section : uki.sections) {
    label(out, "section") << std::setw(10) << printable(section.name) << ' ' << section.virtual_size
                          << ' ' << section.sha256 << '\n';
  }
}

void print(const Shown& shown, std::ostream& out) {
  label(out, "format") << shown.format << '\n';
  if (shown.uki) print_uki(*shown.uki, out);
  if (shown.segments) {
    for (const image::Segment& segment : *shown.segments) {
      label(out, "initrd") << name(segment.kind) << ' ' << name(segment.compression) << " at "
                           << segment.offset << ' ' << segment.size << " bytes, unpacked "
                           << segment.unpacked << '\n';
    }
  }
  label(out, "tree") << shown.entries << " entries, " << shown.files << " files, " << shown.bytes
                     << " bytes\n";
}

Result<cli::ExitCode> run(const ImageOptions& options, cli::Io& io) {
  TRY_ASSIGN(const Shown shown, show(options, io));
  print_findings(options.image, shown.findings, io.err);
  if (io.json)
    io.out << shown_json(shown).pretty();
  else
    print(shown, io.out);
  return cli::ExitCode::done;
}

}  // namespace

void add_image_show(cli::Verb& group) {
  cli::Verb verb = group.verb("show", "say what an image is made of");
  const auto options = std::make_shared<ImageOptions>();
  add_image_options(verb, *options);
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
