// SPDX-License-Identifier: Apache-2.0
// Judges a measurement list against PCR values: every template digest must be that of its data, and
// some prefix of the list must give the values. What lies behind that prefix nobody vouches for.
// Without a value to compare, a list is only text that its sender could have made up: the verdict
// is inconclusive however well it looks. docs/formats/verify-ima.md documents what is reported.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/ima/lane_runner.hpp"
#include "kernel/ima/list.hpp"
#include "kernel/ima/replay.hpp"
#include "kernel/ima/survey.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"
#include "tools/base/verdict.hpp"
#include "tools/codec/json.hpp"
#include "tools/crypto/kernel_key.hpp"

namespace etalon::ima {

struct Questions {
  PcrValues wanted{};  // as read from the TPM; PCRs the list does not extend may be among them
  PcrValues start{};   // where the PCRs were before the first entry; zero when not given
  // PCRs that must match even if the list has no entry for them. CONFIG_IMA_MEASURE_PCR_IDX is 10.
  std::set<std::uint32_t> required = {10};
  std::vector<HashAlg> banks{};  // to replay beside those of `wanted`
  std::optional<std::string> search{};
  std::vector<crypto::KernelKey> keys{};  // whose signatures are good
  std::optional<ListKind> kind{};         // when it is not to be told from the list
  Padding padding = Padding::looked_for;
  unsigned threads = 1;
};

enum class Severity : std::uint8_t { info, warning, error };

std::string_view name(Severity severity);

struct Finding {
  std::string_view id{};
  Severity severity = Severity::info;
  std::optional<std::uint64_t> entry{};  // from 0; none: the list as a whole
  std::string message{};

  bool operator==(const Finding&) const = default;
};

struct Report {
  Verdict verdict = Verdict::inconclusive;
  ListKind kind{};
  Survey survey{};
  std::uint64_t malformed =
      0;  // entries that are not made like their template or have a wrong digest
  std::map<HashAlg, Extension> banks{};
  PcrValues pcrs{};  // after the last entry, of the PCRs the list extends
  std::optional<std::uint64_t> matched_prefix{};  // entries that the values vouch for
  std::vector<Finding> findings{};
};

// Whether it is worth to ask again with Padding::looked_for: the values did not come out, and there
// is one of a bank that may have been padded.
bool may_be_padded(const Report& report, const Questions& questions);

// Takes the list piece by piece.
class ListCheck {
 public:
  explicit ListCheck(Questions questions);

  // An error is the list's: it cannot be read on.
  Status add(ByteView piece);
  Result<Report> finish();

 private:
  void run(Batch batch);

  Questions questions_;
  ListDecoder decoder_;
  Survey survey_;
  std::unique_ptr<LaneRunner> lanes_{};
};

// {verdict,entries,violations,malformed,pcrs,matched_prefix,tail,findings,banks,list,matches}
Json report_json(const Report& report);

}  // namespace etalon::ima
