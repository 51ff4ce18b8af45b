// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/device_path.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "tools/base/bytes.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utf16.hpp"

namespace etalon::eventlog {
namespace {

constexpr std::uint8_t end_type = 0x7f;
constexpr std::uint8_t end_instance = 0x01;
constexpr std::uint8_t end_path = 0xff;
constexpr std::size_t header_size = 4;

struct Node {
  std::uint8_t type = 0;
  std::uint8_t subtype = 0;
  ByteView data{};
};

// Each takes the node's data; nothing when it does not fit.
using Text = std::optional<std::string>;

std::string call(std::string_view name, std::initializer_list<std::string> arguments) {
  std::string text(name);
  text += '(';
  for (const std::string& each : arguments)
    text += (text.ends_with('(') ? "" : ",") + each;
  return text + ')';
}

Text finished(ByteReader& reader, std::string text) {
  reader.expect_end("node");
  if (!reader.ok()) return std::nullopt;
  return text;
}

Text pci(ByteView data) {
  ByteReader reader(data);
  const std::uint8_t function = reader.u8("function");
  const std::uint8_t device = reader.u8("device");
  return finished(reader, call("Pci", {hex_number(device), hex_number(function)}));
}

Text memory_mapped(ByteView data) {
  ByteReader reader(data);
  const std::uint32_t type = reader.u32("memory type");
  const std::uint64_t start = reader.u64("start");
  const std::uint64_t end = reader.u64("end");
  return finished(reader,
                  call("MemoryMapped", {hex_number(type), hex_number(start), hex_number(end)}));
}

Text vendor(std::string_view name, ByteView data) {
  ByteReader reader(data);
  const Guid guid{.bytes = reader.array<16>("vendor")};
  if (!reader.ok()) return std::nullopt;
  const ByteView rest = data.subspan(guid.bytes.size());
  return rest.empty() ? call(name, {guid.text()}) : call(name, {guid.text(), to_hex(rest)});
}

Text guid_alone(std::string_view name, ByteView data) {
  ByteReader reader(data);
  const Guid guid{.bytes = reader.array<16>("GUID")};
  return finished(reader, call(name, {guid.text()}));
}

// A compressed EISA name: three letters of five bits, big endian, and a number.
Text acpi(ByteView data) {
  constexpr std::uint32_t pnp = 0x41d0;  // "PNP"
  ByteReader reader(data);
  const std::uint32_t hid = reader.u32("HID");
  const std::uint32_t uid = reader.u32("UID");
  const std::uint32_t number = hid >> 16U;
  if ((hid & 0xffffU) != pnp) {
    return finished(reader, call("Acpi", {hex_number(hid), hex_number(uid)}));
  }
  if (number == 0x0a03) return finished(reader, call("PciRoot", {hex_number(uid)}));
  if (number == 0x0a08) return finished(reader, call("PcieRoot", {hex_number(uid)}));
  const std::array name = {static_cast<std::byte>(number >> 8U), static_cast<std::byte>(number)};
  return finished(reader, call("Acpi", {"PNP" + to_hex(name), hex_number(uid)}));
}

Text numbers_u16(std::string_view name, ByteView data, std::size_t count) {
  ByteReader reader(data);
  std::string text(name);
  for (std::size_t i = 0; i < count; ++i)
    text += (i == 0 ? "(" : ",") + hex_number(reader.u16("number"));
  return finished(reader, text + ')');
}

Text usb(ByteView data) {
  ByteReader reader(data);
  const std::uint8_t port = reader.u8("port");
  const std::uint8_t interface = reader.u8("interface");
  return finished(reader, call("USB", {hex_number(port), hex_number(interface)}));
}

// 32 bytes of address, of which Ethernet (interface types 0 and 1) uses six.
Text mac(ByteView data) {
  ByteReader reader(data);
  const ByteView address = reader.bytes(32, "address");
  const std::uint8_t kind = reader.u8("interface type");
  if (!reader.ok()) return std::nullopt;
  const std::size_t used = kind <= 1 ? 6 : address.size();
  return finished(reader, call("MAC", {to_hex(address.first(used)), hex_number(kind)}));
}

// The EUI-64 is written byte by byte, the last one first.
Text nvme(ByteView data) {
  ByteReader reader(data);
  const std::uint32_t name_space = reader.u32("namespace");
  auto eui = reader.array<8>("EUI-64");
  std::ranges::reverse(eui);
  std::string text;
  for (const std::byte each : eui)
    text += (text.empty() ? "" : "-") + to_hex(std::array{each});
  return finished(reader, call("NVMe", {hex_number(name_space), text}));
}

Text uri(ByteView data) {
  return call("Uri", {printable(as_text(data))});
}

// What tells the disk: a GPT partition's GUID, or the number in an MBR.
std::string disk_signature(std::uint8_t kind, ByteView signature) {
  constexpr std::uint8_t mbr = 1;
  constexpr std::uint8_t gpt = 2;
  ByteReader reader(signature);
  if (kind == mbr) return "MBR," + hex_number(reader.u32("signature"));
  if (kind == gpt) return "GPT," + Guid{.bytes = reader.array<16>("signature")}.text();
  return std::to_string(kind) + "," + to_hex(signature);
}

Text hard_disk(ByteView data) {
  ByteReader reader(data);
  const std::uint32_t partition = reader.u32("partition");
  const std::uint64_t start = reader.u64("start");
  const std::uint64_t size = reader.u64("size");
  const Guid signature{.bytes = reader.array<16>("signature")};
  reader.skip(1, "format");
  const std::uint8_t kind = reader.u8("signature type");
  const std::string disk = disk_signature(kind, signature.view());
  return finished(
      reader, call("HD", {std::to_string(partition), disk, hex_number(start), hex_number(size)}));
}

Text file(ByteView data) {
  auto text = utf8_from_utf16le(data);
  if (!text || !text->ends_with('\0')) return std::nullopt;
  // firmware may leave more than one NUL
  while (text->ends_with('\0'))
    text->pop_back();
  // a backslash is what separates names here, and printable() would double its meaning
  std::string shown;
  for (std::size_t at = 0; at <= text->size();) {
    const std::size_t next = std::min(text->find('\\', at), text->size());
    shown += printable(std::string_view(*text).substr(at, next - at));
    if (next < text->size()) shown += '\\';
    at = next + 1;
  }
  return shown;
}

Text offset_range(ByteView data) {
  ByteReader reader(data);
  reader.skip(4, "reserved");
  const std::uint64_t start = reader.u64("start");
  const std::uint64_t end = reader.u64("end");
  return finished(reader, call("Offset", {hex_number(start), hex_number(end)}));
}

constexpr std::uint16_t kind_of(std::uint8_t type, std::uint8_t subtype) {
  return static_cast<std::uint16_t>(type << 8U | subtype);
}

// UEFI 2.10, tables 10.4 to 10.54.
Text known_node(const Node& node) {
  switch (kind_of(node.type, node.subtype)) {
    case kind_of(1, 1):
      return pci(node.data);
    case kind_of(1, 3):
      return memory_mapped(node.data);
    case kind_of(1, 4):
      return vendor("VenHw", node.data);
    case kind_of(2, 1):
      return acpi(node.data);
    case kind_of(3, 2):
      return numbers_u16("Scsi", node.data, 2);
    case kind_of(3, 5):
      return usb(node.data);
    case kind_of(3, 11):
      return mac(node.data);
    case kind_of(3, 18):
      return numbers_u16("Sata", node.data, 3);
    case kind_of(3, 23):
      return nvme(node.data);
    case kind_of(3, 24):
      return uri(node.data);
    case kind_of(4, 1):
      return hard_disk(node.data);
    case kind_of(4, 3):
      return vendor("VenMedia", node.data);
    case kind_of(4, 4):
      return file(node.data);
    case kind_of(4, 6):
      return guid_alone("FvFile", node.data);
    case kind_of(4, 7):
      return guid_alone("Fv", node.data);
    case kind_of(4, 8):
      return offset_range(node.data);
    default:
      return std::nullopt;
  }
}

std::string node_text(const Node& node) {
  if (auto text = known_node(node)) return *std::move(text);
  constexpr std::size_t most = 64;
  const bool cut = node.data.size() > most;
  return call("Path",
              {std::to_string(node.type), std::to_string(node.subtype),
               to_hex(node.data.first(cut ? most : node.data.size())) + (cut ? "..." : "")});
}

std::optional<Node> read_node(ByteReader& reader) {
  Node node{.type = reader.u8("type"), .subtype = reader.u8("subtype")};
  const std::uint16_t length = reader.u16("length");
  if (!reader.ok() || length < header_size) return std::nullopt;
  node.data = reader.bytes(length - header_size, "data");
  if (!reader.ok()) return std::nullopt;
  return node;
}

}  // namespace

std::optional<std::string> device_path_text(ByteView bytes) {
  if (bytes.empty()) return "";
  ByteReader reader(bytes);
  std::string text;
  bool first = true;
  for (std::size_t count = 0; count < max_path_nodes; ++count) {
    const auto node = read_node(reader);
    if (!node) return std::nullopt;
    if (node->type == end_type && node->subtype == end_path) {
      reader.expect_end("device path");
      if (!reader.ok() || !node->data.empty()) return std::nullopt;
      return text;
    }
    if (node->type == end_type && node->subtype == end_instance) {
      text += ',';
      first = true;
      continue;
    }
    text += (first ? "" : "/") + node_text(*node);
    first = false;
  }
  return std::nullopt;
}

}  // namespace etalon::eventlog
