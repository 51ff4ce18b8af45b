// SPDX-License-Identifier: Apache-2.0
// newc: magic "070701", then 13 fields of eight hexadecimal digits (inode, mode, uid, gid, links,
// mtime, size, device major and minor, rdev major and minor, name size with NUL, check), the name,
// the data; name and data each padded to a multiple of four.
#include "references/measure/boot/stub_cpio.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "tools/base/bytes.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/writer.hpp"

namespace etalon::measure {
namespace {

constexpr std::size_t alignment = 4;
constexpr std::uint32_t folder_type = 040000;
constexpr std::uint32_t file_type = 0100000;
constexpr std::uint32_t folder_above_mode = 0555;

std::size_t padding(std::size_t size) {
  return (alignment - size % alignment) % alignment;
}

// Eight hexadecimal digits in lower case.
std::string digits(std::uint32_t value) {
  ByteWriter number;
  number.u32_be(value);
  return to_hex(number.view());
}

// Everything of a record but its data. A header has 110 bytes, so name and header are padded
// together.
Bytes record(std::uint32_t inode, std::uint32_t mode, std::string_view name, std::size_t size) {
  ByteWriter out;
  const std::string zero = digits(0);
  out.text("070701").text(digits(inode)).text(digits(mode));
  out.text(zero).text(zero).text(digits(1)).text(zero);  // uid, gid, links, mtime
  out.text(digits(static_cast<std::uint32_t>(size)));
  out.text(zero).text(zero).text(zero).text(zero);  // devices
  out.text(digits(static_cast<std::uint32_t>(name.size() + 1))).text(zero);
  out.text(name).u8(0).align(alignment);
  return out.take();
}

// A constant of the stub; its name size is written in upper case there.
Bytes trailer() {
  std::array<std::string_view, 13> fields{};
  fields.fill("00000000");
  fields[4] = "00000001";   // links
  fields[11] = "0000000B";  // name size
  ByteWriter out;
  out.text("070701");
  for (const std::string_view field : fields)
    out.text(field);
  out.text("TRAILER!!!").u8(0).align(alignment);
  return out.take();
}

}  // namespace

StubArchive::StubArchive(std::string_view folder, std::uint32_t mode) : folder_(folder) {
  Bytes head;
  for (std::size_t slash = 0; slash != std::string_view::npos;) {
    slash = folder.find('/', slash + 1);
    const std::uint32_t own = slash == std::string_view::npos ? mode : folder_above_mode;
    append(head, record(inode_++, folder_type | own, folder.substr(0, slash), 0));
  }
  files_.push_back({.head = std::move(head), .content = {}});
}

void StubArchive::add(std::string_view name, std::uint32_t mode, ByteView content) {
  Bytes head(padding(files_.back().content.size()));
  append(head,
         record(inode_++, file_type | mode, folder_ + '/' + std::string(name), content.size()));
  files_.push_back({.head = std::move(head), .content = content});
}

std::size_t StubArchive::size() const {
  std::size_t size = padding(files_.back().content.size()) + trailer().size();
  for (const File& each : files_)
    size += each.head.size() + each.content.size();
  return size;
}

void StubArchive::feed(MultiHasher& hasher) const {
  for (const File& each : files_) {
    hasher.update(each.head);
    hasher.update(each.content);
  }
  hasher.update(Bytes(padding(files_.back().content.size())));
  hasher.update(trailer());
}

Bytes StubArchive::bytes() const {
  Bytes all;
  for (const File& each : files_) {
    append(all, each.head);
    append(all, each.content);
  }
  all.resize(all.size() + padding(files_.back().content.size()));
  append(all, trailer());
  return all;
}

}  // namespace etalon::measure
