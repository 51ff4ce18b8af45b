// SPDX-License-Identifier: Apache-2.0
// The structures in values of EFI variables: boot entries (UEFI 2.10, section 3.1.3) and lists of
// signatures (section 32.4.1). They are as they were found; nothing in them is believed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {

// A dbx has a handful of lists with some hundred entries.
inline constexpr std::size_t max_signature_lists = 1024;

// EFI_LOAD_OPTION.
struct LoadOption {
  std::uint32_t attributes = 0;
  std::string description{};  // UTF-8, as it was found
  ByteView path{};            // a device path, not looked into
  ByteView options{};
};

Result<LoadOption> read_load_option(ByteView value);

// One entry of an EFI_SIGNATURE_LIST.
struct SignatureEntry {
  Guid owner{};
  ByteView data{};
};

// EFI_SIGNATURE_LIST.
struct SignatureList {
  Guid type{};
  std::vector<SignatureEntry> entries{};
};

// Lists that follow each other up to the end.
Result<std::vector<SignatureList>> read_signature_lists(ByteView value);

// Which structure a variable's value has, by its name: Boot0000 to BootFFFF; PK, KEK, db, dbx, dbt
// and dbr.
bool is_boot_entry(std::string_view name);
bool is_signature_database(std::string_view name);

// Whether the bytes have the outer form of a DER certificate: a SEQUENCE with two bytes of length
// that fills them. Nothing in it is looked at.
bool is_certificate(ByteView bytes);

// "X.509 certificate", "SHA-256 digest", "entry of type GUID".
std::string signature_kind(const Guid& type);
bool holds_certificates(const Guid& type);

}  // namespace etalon::eventlog
