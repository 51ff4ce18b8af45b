// SPDX-License-Identifier: Apache-2.0
// What a measurement list holds, counted entry by entry: templates, PCRs, violations, entries that
// are not made like their template, boot_aggregate, and the entries whose name contains a text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/ima/list.hpp"
#include "kernel/ima/record.hpp"
#include "kernel/ima/signature.hpp"
#include "tools/base/bytes.hpp"
#include "tools/crypto/kernel_key.hpp"

namespace etalon::ima {

inline constexpr std::string_view boot_aggregate_name = "boot_aggregate";

// An entry that outlives its batch.
struct KeptEntry {
  std::uint64_t number = 0;  // from 0
  std::uint32_t pcr = 0;
  std::string templ{};
  std::string digest_type{};  // "verity"; empty where the template does not tell
  std::string algorithm{};
  Bytes digest{};
  Bytes name{};
  bool violation = false;
};

struct BadEntry {
  std::uint64_t number = 0;
  std::string why{};
};

struct BadSignature {
  std::uint64_t number = 0;
  SignatureVerdict verdict{};
};

class Survey {
 public:
  // Names containing `wanted` are kept; all are counted.
  // Signatures are checked when there are keys.
  explicit Survey(std::optional<std::string> wanted = std::nullopt,
                  std::vector<crypto::KernelKey> keys = {})
      : wanted_(std::move(wanted)), keys_(std::move(keys)) {}

  void add(const Batch& batch);

  std::uint64_t entries = 0;
  std::uint64_t violations = 0;
  std::optional<std::uint64_t> first_violation{};
  std::uint64_t undecodable = 0;
  std::vector<BadEntry> bad{};                            // at most max_bad
  std::map<std::string, std::uint64_t> templates{};       // entries by name
  std::map<std::uint32_t, std::uint64_t> pcrs{};          // entries by PCR
  std::vector<KeptEntry> boot_aggregates{};               // at most max_bad
  std::map<SignatureState, std::uint64_t> signatures{};   // entries by what their signature is
  std::vector<BadSignature> bad_signatures{};             // at most max_bad
  std::map<std::uint32_t, std::uint64_t> unknown_keys{};  // entries by key id, at most max_kinds
  std::vector<KeptEntry> matches{};                       // at most max_matches
  std::uint64_t match_count = 0;

  static constexpr std::size_t max_bad = 16;
  static constexpr std::size_t max_matches = 1000;
  // A list with more templates or PCRs than any kernel makes is counted as far as this.
  static constexpr std::size_t max_kinds = 256;

 private:
  void add(const Record& record, std::uint64_t number);
  void add_signature(const Record& record, const Entry& entry, std::uint64_t number);

  std::optional<std::string> wanted_;
  std::vector<crypto::KernelKey> keys_;
};

}  // namespace etalon::ima
