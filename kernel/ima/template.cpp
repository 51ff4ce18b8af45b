// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/template.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "tools/base/result.hpp"

namespace etalon::ima {
namespace {

using enum FieldKind;

constexpr std::array field_names = {
    std::pair{d, std::string_view("d")},
    std::pair{n, std::string_view("n")},
    std::pair{d_ng, std::string_view("d-ng")},
    std::pair{d_ngv2, std::string_view("d-ngv2")},
    std::pair{n_ng, std::string_view("n-ng")},
    std::pair{sig, std::string_view("sig")},
    std::pair{buf, std::string_view("buf")},
    std::pair{d_modsig, std::string_view("d-modsig")},
    std::pair{modsig, std::string_view("modsig")},
    std::pair{evmsig, std::string_view("evmsig")},
    std::pair{xattrnames, std::string_view("xattrnames")},
    std::pair{xattrlengths, std::string_view("xattrlengths")},
    std::pair{xattrvalues, std::string_view("xattrvalues")},
    std::pair{iuid, std::string_view("iuid")},
    std::pair{igid, std::string_view("igid")},
    std::pair{imode, std::string_view("imode")},
};

constexpr std::array of_ima = {d, n};
constexpr std::array of_ng = {d_ng, n_ng};
constexpr std::array of_sig = {d_ng, n_ng, sig};
constexpr std::array of_ngv2 = {d_ngv2, n_ng};
constexpr std::array of_sigv2 = {d_ngv2, n_ng, sig};
constexpr std::array of_buf = {d_ng, n_ng, buf};
constexpr std::array of_modsig = {d_ng, n_ng, sig, d_modsig, modsig};
constexpr std::array of_evm = {d_ng,        n_ng, evmsig, xattrnames, xattrlengths,
                               xattrvalues, iuid, igid,   imode};

constexpr std::array builtin = {
    Template("ima", "d|n", of_ima),
    Template("ima-ng", "d-ng|n-ng", of_ng),
    Template("ima-sig", "d-ng|n-ng|sig", of_sig),
    Template("ima-ngv2", "d-ngv2|n-ng", of_ngv2),
    Template("ima-sigv2", "d-ngv2|n-ng|sig", of_sigv2),
    Template("ima-buf", "d-ng|n-ng|buf", of_buf),
    Template("ima-modsig", "d-ng|n-ng|sig|d-modsig|modsig", of_modsig),
    Template("evm-sig", "d-ng|n-ng|evmsig|xattrnames|xattrlengths|xattrvalues|iuid|igid|imode",
             of_evm),
};

}  // namespace

std::string_view name(FieldKind kind) {
  const auto* found =
      std::ranges::find(field_names, kind, &std::pair<FieldKind, std::string_view>::first);
  return found == field_names.end() ? "" : found->second;
}

std::span<const Template> templates() {
  return builtin;
}

const Template* find_template(std::string_view name_or_format) {
  const auto* found = std::ranges::find_if(builtin, [name_or_format](const Template& each) {
    return each.name() == name_or_format || each.format() == name_or_format;
  });
  return found == builtin.end() ? nullptr : found;
}

Result<Template> parse_format(std::string_view format) {
  std::array<FieldKind, max_fields> fields{};
  std::size_t count = 0;
  for (std::size_t at = 0; at <= format.size();) {
    const std::size_t bar = std::min(format.find('|', at), format.size());
    const std::string_view word = format.substr(at, bar - at);
    const auto* known =
        std::ranges::find(field_names, word, &std::pair<FieldKind, std::string_view>::second);
    if (known == field_names.end()) {
      return fail(ErrorCode::malformed, "'" + printable(word) + "' is no template field");
    }
    if (count == max_fields) {
      return fail(ErrorCode::limit,
                  "a template has at most " + std::to_string(max_fields) + " fields");
    }
    fields[count++] = known->first;
    at = bar + 1;
  }
  return Template(format, format, std::span(fields).first(count));
}

}  // namespace etalon::ima
