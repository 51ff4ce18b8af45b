// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <iterator>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mkosi/image/tree.hpp"
#include "mkosi/image/walk.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/codec/json_bytes.hpp"
#include "tools/etalon/image_output.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {
namespace {

struct Options {
  ImageOptions image{};
  std::string algs = "sha256";
};

Json file_json(const image::Entry& entry) {
  Json::Object digests;
  for (const auto& [alg, digest] : entry.digests)
    digests.emplace(name(alg), digest.hex());
  Json::Object object{
      {"size", entry.size}, {"type", name(entry.type)}, {"digests", std::move(digests)}};
  put_bytes(object, "path", entry.path);
  return object;
}

// As sha256sum spells a name: when newline, carriage return or backslash are in it they are escaped
// and the line begins with a backslash.
std::string escape_name(std::string_view path) {
  std::string escaped;
  for (const char c : path) {
    if (c == '\n')
      escaped += "\\n";
    else if (c == '\r')
      escaped += "\\r";
    else if (c == '\\')
      escaped += "\\\\";
    else
      escaped += c;
  }
  return escaped;
}

// The two forms sha256sum --check reads: plain for one algorithm, tagged for several.
void print_file(const image::Entry& entry, std::ostream& out) {
  const std::string path = escape_name(entry.path);
  const std::string_view mark = path.size() == entry.path.size() ? "" : "\\";
  for (const auto& [alg, digest] : entry.digests) {
    out << mark;
    if (entry.digests.size() == 1) {
      out << digest.hex() << "  " << path << '\n';
      continue;
    }
    for (const char c : name(alg))
      out << static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    out << " (" << path << ") = " << digest.hex() << '\n';
  }
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  TRY_ASSIGN(auto algs, parse_hash_algs(options.algs));
  TRY_ASSIGN(image::Walked walked, walk_image(options.image, std::move(algs), io));
  std::ranges::move(image::find_ima_collisions(walked.tree), std::back_inserter(walked.findings));
  print_findings(options.image.image, walked.findings, io.err);
  JsonArrayWriter array(io.out);
  for (const image::Entry& entry : walked.tree.entries()) {
    if (entry.type != image::EntryType::file) continue;
    if (io.json)
      array.add(file_json(entry));
    else
      print_file(entry, io.out);
  }
  if (io.json) array.end();
  return cli::ExitCode::done;
}

}  // namespace

void add_image_digest(cli::Verb& group) {
  cli::Verb verb = group.verb("digest", "print the digests of every file in an image");
  const auto options = std::make_shared<Options>();
  add_image_options(verb, options->image);
  verb.option("--alg", options->algs,
              "digests, separated by commas: sha1, sha256, sha384, sha512; sha256 by default");
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
