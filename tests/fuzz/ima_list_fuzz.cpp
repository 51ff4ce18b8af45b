// SPDX-License-Identifier: Apache-2.0
// decoder: kernel/ima/list.cpp
// decoder: kernel/ima/ascii_line.cpp
// decoder: kernel/ima/cel_decode.cpp
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

#include "kernel/ima/encode.hpp"
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

// What decodes can be said in every form that carries raw data, and means the same there.
void check_conversions(etalon::ByteView list, const etalon::ima::Report& report) {
  using etalon::ima::ListForm;
  for (const ListForm form : {ListForm::binary, ListForm::cel_tlv}) {
    etalon::ima::ListDecoder decoder(report.kind);
    etalon::ima::ListEncoder encoder({.form = form, .template_hash = report.kind.template_hash},
                                     report.kind.template_hash);
    etalon::Bytes out;
    const auto none = decoder.add(list);
    const auto batch = decoder.finish();
    if (!none || !batch) return;
    for (const auto* records : {&none->records, &batch->records}) {
      for (const auto& record : *records) {
        if (!encoder.add(record, out)) return;
      }
    }
    const auto again =
        report_of(out, out.size(),
                  etalon::ima::ListKind{.form = form, .template_hash = report.kind.template_hash});
    ETALON_ASSERT(again && again->survey.entries == report.survey.entries);
  }
}

void check(etalon::ByteView list, std::optional<etalon::ima::ListKind> kind) {
  const auto whole = report_of(list, std::max<std::size_t>(list.size(), 1), kind);
  const auto pieces = report_of(list, 7, kind);
  ETALON_ASSERT(whole.has_value() == pieces.has_value());
  if (!whole) return;
  ETALON_ASSERT(report_json(*whole) == report_json(*pieces));
  check_conversions(list, *whole);
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
