// SPDX-License-Identifier: Apache-2.0
// Builds event log bytes field by field, independently of our encoder. Defaults give a valid TPM
// log with one SHA-256 bank; a refusal test changes one field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/writer.hpp"

namespace etalon::test {

struct FakeRecord {
  std::uint32_t index = 4;
  std::uint32_t type = 0x80000007;  // EV_EFI_ACTION
  std::vector<std::pair<std::uint16_t, Bytes>> digests = {{0x000b, Bytes(32, std::byte{0x5a})}};
  Bytes data = to_bytes("Exit Boot Services Invocation");
  std::optional<std::uint32_t> count{};  // instead of the true number of digests
  std::optional<std::uint32_t> size{};   // instead of the true size of the data

  void write(ByteWriter& out) const {
    out.u32(index).u32(type).u32(count.value_or(static_cast<std::uint32_t>(digests.size())));
    for (const auto& [alg, value] : digests)
      out.u16(alg).bytes(value);
    out.u32(size.value_or(static_cast<std::uint32_t>(data.size()))).bytes(data);
  }
};

struct FakeLog {
  std::uint32_t index = 0;
  std::uint32_t type = 3;  // EV_NO_ACTION
  Bytes digest = Bytes(20);
  std::string signature{"Spec ID Event03\0", 16};
  std::uint8_t major = 2;
  std::vector<std::pair<std::uint16_t, std::uint16_t>> algorithms = {{0x000b, 32}};
  Bytes vendor{};
  Bytes after_vendor{};
  std::optional<std::uint32_t> algorithm_count{};
  std::optional<std::uint32_t> spec_size{};
  std::vector<FakeRecord> records = {FakeRecord{}};
  Bytes tail{};

  Bytes spec_id() const {
    ByteWriter out;
    out.text(signature).u32(0).u8(0).u8(major).u8(0).u8(2);
    out.u32(algorithm_count.value_or(static_cast<std::uint32_t>(algorithms.size())));
    for (const auto& [alg, size] : algorithms)
      out.u16(alg).u16(size);
    out.u8(static_cast<std::uint8_t>(vendor.size())).bytes(vendor).bytes(after_vendor);
    return out.take();
  }

  Bytes bytes() const {
    const Bytes event = spec_id();
    ByteWriter out;
    out.u32(index).u32(type).bytes(digest);
    out.u32(spec_size.value_or(static_cast<std::uint32_t>(event.size()))).bytes(event);
    for (const FakeRecord& record : records)
      record.write(out);
    out.bytes(tail);
    return out.take();
  }
};

// A valid CCEL: MR index 1, SHA-384 alone.
inline FakeLog fake_ccel() {
  FakeLog log{.index = 1, .algorithms = {{0x000c, 48}}};
  log.records = {{.index = 2, .digests = {{0x000c, Bytes(48, std::byte{0x5a})}}}};
  return log;
}

}  // namespace etalon::test
