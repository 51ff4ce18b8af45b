// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "kernel/ima/list.hpp"
#include "kernel/ima/replay.hpp"
#include "kernel/ima/signature.hpp"
#include "kernel/ima/survey.hpp"
#include "kernel/ima/verify.hpp"
#include "references/eventlog/pcr_values.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"
#include "tools/base/verdict.hpp"
#include "tools/cli/program.hpp"
#include "tools/cli/progress.hpp"
#include "tools/crypto/kernel_key.hpp"
#include "tools/crypto/keys.hpp"
#include "tools/etalon-verify/outcome.hpp"
#include "tools/etalon-verify/verbs.hpp"

namespace etalon::relying {
namespace {

constexpr unsigned most_jobs = 64;

struct Options {
  std::string list;
  std::vector<std::string> pcrs;
  std::vector<std::string> start;
  std::string algs;
  std::vector<std::string> keys;
  std::string form;
  std::string template_hash;
  std::optional<std::string> path;
  unsigned jobs = std::clamp(std::thread::hardware_concurrency(), 1U, most_jobs);
};

// "sha256:…" is a value, all else a file.
bool is_value(std::string_view given) {
  const std::size_t colon = given.find(':');
  return colon != std::string_view::npos && parse_hash_alg(given.substr(0, colon)).has_value();
}

Status add_all(ima::PcrValues& to, const ima::PcrValues& more) {
  for (const auto& [pcr, values] : more) {
    for (const auto& [alg, value] : values) {
      const AnyDigest* before = to[pcr].find(alg);
      if (before != nullptr && *before != value) {
        return fail(ErrorCode::usage, std::string(name(alg)) + " PCR " + std::to_string(pcr) +
                                          " has another value in another option");
      }
      to[pcr].set(value);
    }
  }
  return {};
}

// The values of all `given`; the PCRs of those that are not in files go to `named`.
Result<ima::PcrValues> load_values(const std::vector<std::string>& given, std::string_view option,
                                   std::vector<std::uint32_t>& named) {
  ima::PcrValues all;
  for (const std::string& each : given) {
    ima::PcrValues values;
    if (is_value(each)) {
      TRY_ASSIGN(const std::uint32_t pcr, as_usage(eventlog::add_pcr_value(values, each), option));
      named.push_back(pcr);
    } else {
      TRY_ASSIGN(const Bytes file, read_file(each, eventlog::max_pcr_file));
      TRY_ASSIGN(values,
                 in_file(in(eventlog::parse_pcr_values(as_text(file)), "PCR values"), each));
    }
    TRY(add_all(all, values));
  }
  return all;
}

Result<std::optional<ima::ListKind>> list_kind(const Options& options) {
  if (options.form.empty() && options.template_hash.empty()) return std::nullopt;
  ima::ListKind kind{.form = ima::find_list_form(options.form).value_or(ima::ListForm::binary)};
  if (!options.template_hash.empty()) {
    TRY_ASSIGN(kind.template_hash,
               as_usage(parse_hash_alg(options.template_hash), "--template-hash"));
  }
  return kind;
}

Result<std::vector<crypto::KernelKey>> load_keys(const std::vector<std::string>& paths) {
  std::vector<crypto::KernelKey> keys;
  for (const std::string& path : paths) {
    TRY_ASSIGN(const Bytes file, read_file(path, crypto::max_key_file));
    TRY_ASSIGN(crypto::KernelKey key, in_file(in(crypto::KernelKey::parse(file), "key"), path));
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<ima::Questions> ask(const Options& options) {
  std::vector<std::uint32_t> named;
  std::vector<std::uint32_t> started;
  ima::Questions questions{.search = options.path, .threads = options.jobs};
  TRY_ASSIGN(questions.wanted, load_values(options.pcrs, "--pcrs", named));
  TRY_ASSIGN(questions.start, load_values(options.start, "--start", started));
  TRY_ASSIGN(questions.keys, load_keys(options.keys));
  questions.required.insert(named.begin(), named.end());
  if (!options.algs.empty()) {
    TRY_ASSIGN(questions.banks, as_usage(parse_hash_algs(options.algs), "--alg"));
  }
  TRY_ASSIGN(questions.kind, list_kind(options));
  return questions;
}

Result<ima::Report> read_list(const std::string& path, const ima::Questions& questions,
                              cli::Io& io) {
  ima::ListCheck check(questions);
  cli::Progress progress(io, "reading " + printable(path));
  Status status;
  std::uint64_t done = 0;
  TRY(stream_file(path, std::numeric_limits<std::uint64_t>::max(), [&](ByteView piece) {
    if (status) status = check.add(piece);
    done += piece.size();
    progress.update(done, 0);
  }));
  TRY(in_file(in(std::move(status), "measurement list"), path));
  return in_file(in(check.finish(), "measurement list"), path);
}

// Padded banks are rare: they are looked for when nothing else explains the values, by reading the
// list from its beginning again.
Result<ima::Report> check(const Options& options, cli::Io& io) {
  TRY_ASSIGN(ima::Questions questions, ask(options));
  questions.padding = ima::Padding::ignored;
  TRY_ASSIGN(ima::Report report, read_list(options.list, questions, io));
  if (!may_be_padded(report, questions)) return report;
  questions.padding = ima::Padding::looked_for;
  return read_list(options.list, questions, io);
}

void print_prefix(const ima::Report& report, std::ostream& out) {
  if (!report.matched_prefix) return;
  out << "prefix   " << *report.matched_prefix << " of " << report.survey.entries << " entries\n";
}

void print(const ima::Report& report, std::ostream& out) {
  out << "verdict  " << name(report.verdict) << "\nlist     " << name(report.kind.form) << ", "
      << name(report.kind.template_hash) << " template digests, " << report.survey.entries
      << " entries, " << report.survey.violations << " violations\n";
  print_prefix(report, out);
  for (const auto& [state, count] : report.survey.signatures) {
    if (state != ima::SignatureState::none)
      out << "signed   " << count << ' ' << name(state) << '\n';
  }
  for (const auto& [pcr, values] : report.pcrs) {
    for (const auto& [alg, value] : values)
      out << "pcr      " << name(alg) << ' ' << pcr << ' ' << value.hex() << '\n';
  }
  for (const ima::Finding& each : report.findings) {
    out << "finding  " << name(each.severity) << ' ' << each.id;
    if (each.entry) out << ", entry " << *each.entry;
    out << ": " << printable(each.message) << '\n';
  }
  for (const ima::KeptEntry& each : report.survey.matches) {
    out << "entry    " << each.number << ' ' << each.pcr << ' ' << printable(each.templ) << ' '
        << printable(each.algorithm) << ':' << to_hex(each.digest) << ' '
        << printable(as_text(each.name)) << '\n';
  }
  if (report.survey.match_count > report.survey.matches.size()) {
    out << "entry    and " << report.survey.match_count - report.survey.matches.size() << " more\n";
  }
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  TRY_ASSIGN(const ima::Report report, check(options, io));
  if (io.json)
    io.out << report_json(report).pretty();
  else
    print(report, io.out);
  return exit_code(report.verdict);
}

}  // namespace

void add_ima(cli::Program& program) {
  cli::Verb verb = program.verb("ima", "check a measurement list of the kernel");
  const auto options = std::make_shared<Options>();
  verb.option("LIST", options->list, "binary or ASCII list, of any PCR bank").required();
  verb.option("--pcrs", options->pcrs,
              "values of the TPM: FILE, BANK:HEX for PCR 10, or BANK:PCR:HEX; may be repeated");
  verb.option("--start", options->start,
              "values before the first entry, in the same forms; the default is zero");
  verb.option("--alg", options->algs, "further banks to replay, as sha256,sha384");
  verb.option("--key", options->keys,
              "certificate or public key whose signatures of files are good; may be repeated");
  verb.option("--path", options->path, "also show the entries whose name contains this");
  const cli::Option form = verb.option("--form", options->form,
                                       "binary, ascii, cel-tlv or cel-json, whatever it looks like")
                               .one_of({"binary", "ascii", "cel-tlv", "cel-json"});
  verb.option("--template-hash", options->template_hash,
              "hash of the list's template digests, whatever it looks like")
      .needs(form);
  verb.number("--jobs", options->jobs, 1, most_jobs, "threads");
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::relying
