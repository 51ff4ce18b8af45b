// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "kernel/ima/encode.hpp"
#include "kernel/ima/list.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/cli/progress.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {
namespace {

struct Options {
  std::string list;
  std::string form;
  std::string template_hash;
  std::string output;
};

// Reads piece by piece and encodes what is complete.
class Conversion {
 public:
  explicit Conversion(const Options& options) : options_(options) {}

  Status add(ByteView piece) {
    TRY_ASSIGN(const ima::Batch batch, decoder_.add(piece));
    return take(batch);
  }

  Result<Bytes> finish() {
    TRY_ASSIGN(const ima::Batch batch, decoder_.finish());
    TRY(take(batch));
    if (encoder_ == nullptr) return fail(ErrorCode::truncated, "the list has no entry");
    encoder_->finish(out_);
    return std::move(out_);
  }

 private:
  Status take(const ima::Batch& batch) {
    for (const ima::Record& record : batch.records) {
      if (encoder_ == nullptr) TRY(make_encoder(decoder_.kind().value_or(ima::ListKind{})));
      TRY(in(encoder_->add(record, out_), "entry " + std::to_string(number_)));
      ++number_;
    }
    return {};
  }

  // The list's kind is known once it has given an entry.
  Status make_encoder(ima::ListKind kind) {
    const HashAlg from = kind.template_hash;
    ima::ListKind to{.form = ima::find_list_form(options_.form).value_or(ima::ListForm::binary),
                     .template_hash = from};
    if (!options_.template_hash.empty()) {
      TRY_ASSIGN(to.template_hash, parse_hash_alg(options_.template_hash));
    }
    encoder_ = std::make_unique<ima::ListEncoder>(to, from);
    return {};
  }

  const Options& options_;
  ima::ListDecoder decoder_{};
  std::unique_ptr<ima::ListEncoder> encoder_{};
  Bytes out_{};
  std::uint64_t number_ = 0;
};

Result<Bytes> convert(const Options& options, cli::Io& io) {
  if (!options.template_hash.empty()) {
    TRY(parse_hash_alg(options.template_hash));
  }
  Conversion conversion(options);
  cli::Progress progress(io, "reading " + printable(options.list));
  Status status;
  std::uint64_t done = 0;
  TRY(stream_file(options.list, std::numeric_limits<std::uint64_t>::max(), [&](ByteView piece) {
    if (status) status = conversion.add(piece);
    done += piece.size();
    progress.update(done, 0);
  }));
  TRY(in_file(in(std::move(status), "measurement list"), options.list));
  return in_file(in(conversion.finish(), "measurement list"), options.list);
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  TRY_ASSIGN(const Bytes list, convert(options, io));
  if (options.output.empty())
    io.out << as_text(list);
  else
    TRY(write_file_atomic(options.output, list));
  return cli::ExitCode::done;
}

}  // namespace

void add_ima_convert(cli::Verb& group) {
  cli::Verb verb = group.verb("convert", "write a measurement list in another form");
  const auto options = std::make_shared<Options>();
  verb.option("LIST", options->list, "list in any form").required();
  verb.option("--to", options->form, "binary, ascii, cel-tlv or cel-json")
      .required()
      .one_of({"binary", "ascii", "cel-tlv", "cel-json"});
  verb.option("--template-hash", options->template_hash,
              "hash of the template digests; the default is the list's");
  verb.option("-o,--output", options->output, "file to write; the default is standard output");
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
