// SPDX-License-Identifier: Apache-2.0
// Builds measurement lists field by field, independently of our readers. Defaults give a valid
// entry of template ima-ng; a refusal test changes one part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/writer.hpp"

namespace etalon::test {

struct FakeEntry {
  std::uint32_t pcr = 10;
  std::string templ = "ima-ng";
  std::vector<Bytes> fields{};
  std::vector<std::string> text{};  // the fields as the ASCII list shows them
  std::optional<Bytes> digest{};    // instead of the true one
  std::optional<std::uint32_t> name_size{};
  std::optional<std::uint32_t> data_size{};

  Bytes data() const {
    ByteWriter out;
    for (const Bytes& field : fields)
      out.u32(static_cast<std::uint32_t>(field.size())).bytes(field);
    return out.take();
  }

  bool is_violation() const { return digest && *digest == Bytes(digest->size()); }

  Bytes template_digest(HashAlg alg) const {
    if (is_violation()) return Bytes(digest_size(alg));
    return digest.value_or(to_bytes(hash(alg, data()).view()));
  }

  Bytes binary(HashAlg alg = HashAlg::sha1) const {
    ByteWriter out;
    out.u32(pcr).bytes(template_digest(alg));
    out.u32(name_size.value_or(static_cast<std::uint32_t>(templ.size()))).text(templ);
    const Bytes content = data();
    out.u32(data_size.value_or(static_cast<std::uint32_t>(content.size()))).bytes(content);
    return out.take();
  }

  std::string ascii(HashAlg alg = HashAlg::sha1) const {
    const std::string number = std::to_string(pcr);
    std::string line =
        (number.size() < 2 ? " " : "") + number + " " + to_hex(template_digest(alg)) + " " + templ;
    for (const std::string& each : text)
      line += " " + each;
    return line + "\n";
  }
};

// An entry of ima-ng for a file of this name and content.
inline FakeEntry fake_entry(std::string_view name, std::string_view content = "content") {
  const Sha256 digest = sha256(as_bytes(content));
  FakeEntry entry;
  entry.fields = {to_bytes(std::string("sha256:\0", 8)), to_bytes(std::string(name) + '\0')};
  append(entry.fields[0], digest.view());
  entry.text = {"sha256:" + digest.hex(), std::string(name)};
  return entry;
}

inline FakeEntry fake_violation(std::string_view name) {
  FakeEntry entry = fake_entry(name);
  entry.fields[0] = to_bytes(std::string("sha256:\0", 8));
  append(entry.fields[0], Bytes(32));
  entry.text[0] = "sha256:" + std::string(64, '0');
  entry.digest = Bytes(20);
  return entry;
}

struct FakeList {
  std::vector<FakeEntry> entries{};

  Bytes binary(HashAlg alg = HashAlg::sha1) const {
    Bytes list;
    for (const FakeEntry& entry : entries)
      append(list, entry.binary(alg));
    return list;
  }

  std::string ascii(HashAlg alg = HashAlg::sha1) const {
    std::string list;
    for (const FakeEntry& entry : entries)
      list += entry.ascii(alg);
    return list;
  }

  // The value of a PCR after the first `count` entries.
  AnyDigest pcr(HashAlg alg, std::size_t count, std::uint32_t index = 10) const {
    AnyDigest value = AnyDigest::zero(alg);
    for (const FakeEntry& entry : std::span(entries).first(count)) {
      if (entry.pcr != index) continue;
      const Bytes extended = entry.is_violation() ? Bytes(digest_size(alg), std::byte{0xff})
                                                  : to_bytes(hash(alg, entry.data()).view());
      value = hash(alg, {value.view(), extended});
    }
    return value;
  }
};

}  // namespace etalon::test
