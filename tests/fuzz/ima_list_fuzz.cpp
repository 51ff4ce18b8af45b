// SPDX-License-Identifier: Apache-2.0
// decoder: kernel/ima/list.cpp
// decoder: kernel/ima/ascii_line.cpp
// decoder: kernel/ima/record.cpp
// decoder: kernel/ima/template.cpp
// decoder: kernel/ima/xattr.cpp
// A list that decodes does so in any pieces and with the same entries, and its report has every
// entry in it; PCR values are read or refused.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "kernel/ima/list.hpp"
#include "kernel/ima/verify.hpp"
#include "kernel/ima/xattr.hpp"
#include "references/eventlog/pcr_values.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::optional<etalon::ima::Report> report_of(etalon::ByteView list, std::size_t piece,
                                             std::optional<etalon::ima::ListKind> kind) {
  etalon::ima::ListCheck check({.banks = {etalon::HashAlg::sha384}, .search = "a", .kind = kind});
  for (std::size_t at = 0; at < list.size(); at += piece) {
    if (!check.add(list.subspan(at, std::min(piece, list.size() - at)))) return std::nullopt;
  }
  auto report = check.finish();
  if (!report) {
    (void)report.error().text();
    return std::nullopt;
  }
  return *std::move(report);
}

void check(etalon::ByteView list, std::optional<etalon::ima::ListKind> kind) {
  const auto whole = report_of(list, std::max<std::size_t>(list.size(), 1), kind);
  const auto pieces = report_of(list, 7, kind);
  ETALON_ASSERT(whole.has_value() == pieces.has_value());
  if (!whole) return;
  ETALON_ASSERT(report_json(*whole) == report_json(*pieces));
  ETALON_ASSERT(whole->survey.entries > 0 && whole->verdict != etalon::Verdict::pass);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const etalon::ByteView input = std::as_bytes(std::span(data, size));
  check(input, std::nullopt);
  check(input, etalon::ima::ListKind{.form = etalon::ima::ListForm::ascii});
  (void)etalon::eventlog::parse_pcr_values(etalon::as_text(input));
  if (const auto value = etalon::ima::decode_xattr(input)) {
    ETALON_ASSERT(etalon::equal(encode_xattr(*value), input));
  }
  return 0;
}
