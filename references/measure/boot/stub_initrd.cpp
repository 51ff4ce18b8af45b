// SPDX-License-Identifier: Apache-2.0
// newc: magic "070701", then 13 fields of eight hexadecimal digits (inode, mode, uid, gid, links,
// mtime, size, device major and minor, rdev major and minor, name size with NUL, check), the name,
// the data; name and data each padded to a multiple of four.
#include "references/measure/boot/stub_initrd.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mkosi/uki/pe.hpp"
#include "mkosi/uki/uki.hpp"
#include "references/measure/profiles/stub.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/writer.hpp"

namespace etalon::measure {
namespace {

constexpr std::size_t alignment = 4;
constexpr std::uint32_t folder_mode = 040555;
constexpr std::uint32_t file_mode = 0100444;

// Eight hexadecimal digits in lower case.
std::string digits(std::uint32_t value) {
  ByteWriter number;
  number.u32_be(value);
  return to_hex(number.view());
}

struct Record {
  std::uint32_t inode;
  std::uint32_t mode;
  std::string_view name;
  ByteView data;
};

void write_record(ByteWriter& out, const Record& record) {
  const std::string zero = digits(0);
  out.text("070701").text(digits(record.inode)).text(digits(record.mode));
  out.text(zero).text(zero).text(digits(1)).text(zero);  // uid, gid, links, mtime
  out.text(digits(static_cast<std::uint32_t>(record.data.size())));
  out.text(zero).text(zero).text(zero).text(zero);  // devices
  out.text(digits(static_cast<std::uint32_t>(record.name.size() + 1))).text(zero);
  out.text(record.name).u8(0).align(alignment).bytes(record.data).align(alignment);
}

struct Member {
  std::string name;
  uki::Content content;
  Bytes archive;  // used when not empty
};

std::vector<Member> collect(const StubProfile& stub, const uki::Uki& image) {
  std::vector<Member> members;
  for (const InitrdMember& each : stub.initrd) {
    const uki::Content* content = image.find(each.section);
    if (content == nullptr || content->size() == 0) continue;
    if (each.path.empty()) {
      members.push_back({.name = std::string(each.section), .content = *content, .archive = {}});
    } else {
      members.push_back({.name = std::string(each.path),
                         .content = {},
                         .archive = generated_cpio(each.path, content->copy())});
    }
  }
  return members;
}

void feed(MultiHasher& hasher, const Member& member) {
  if (member.archive.empty()) {
    update(hasher, member.content);
  } else {
    hasher.update(member.archive);
  }
}

}  // namespace

Bytes generated_cpio(std::string_view path, ByteView content) {
  ByteWriter out;
  std::uint32_t inode = 1;
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    write_record(
        out, {.inode = inode++, .mode = folder_mode, .name = path.substr(0, slash), .data = {}});
  }
  write_record(out, {.inode = inode, .mode = file_mode, .name = path, .data = content});
  // The trailer is a constant of the stub, and its name size is written in upper case there.
  std::array<std::string_view, 13> fields{};
  fields.fill("00000000");
  fields[4] = "00000001";   // links
  fields[11] = "0000000B";  // name size
  out.text("070701");
  for (const std::string_view field : fields)
    out.text(field);
  out.text("TRAILER!!!").u8(0).align(alignment);
  return out.take();
}

std::optional<StubInitrd> hash_stub_initrd(const StubProfile& stub, const uki::Uki& image,
                                           std::span<const HashAlg> algs) {
  const std::vector<Member> members = collect(stub, image);
  if (members.empty()) return std::nullopt;
  static constexpr std::array<std::byte, alignment> zeros{};
  StubInitrd initrd;
  MultiHasher hasher(algs);
  for (const Member& each : members) {
    feed(hasher, each);
    const std::size_t over = (each.content.size() + each.archive.size()) % alignment;
    if (members.size() > 1 && over != 0) hasher.update(ByteView(zeros).first(alignment - over));
    initrd.members.push_back(each.name);
  }
  initrd.digests = hasher.finish();
  return initrd;
}

}  // namespace etalon::measure
