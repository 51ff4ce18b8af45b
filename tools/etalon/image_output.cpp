// SPDX-License-Identifier: Apache-2.0
#include "tools/etalon/image_output.hpp"

#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mkosi/image/tree.hpp"
#include "mkosi/image/walk.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/progress.hpp"
#include "tools/cli/verb.hpp"
#include "tools/codec/json.hpp"
#include "tools/codec/json_bytes.hpp"

namespace etalon::build {

void add_image_options(cli::Verb& verb, ImageOptions& options, const char* spelling) {
  constexpr unsigned max_jobs = 256;
  verb.option(spelling, options.image, "folder, tar, initramfs or UKI").required();
  verb.number("--jobs", options.jobs, 1, max_jobs, "threads; the processors by default");
  verb.size("--max-unpacked", options.max_unpacked,
            "refuse an image that unpacks to more, e.g. 16G; 8G by default");
}

image::WalkOptions walk_options(const ImageOptions& options, std::vector<HashAlg> algs,
                                cli::Progress& progress) {
  return {.algs = std::move(algs),
          .jobs = options.jobs,
          .max_unpacked = options.max_unpacked,
          .progress = [&progress](std::uint64_t done, std::uint64_t total) {
            progress.update(done, total);
          }};
}

Result<image::Walked> walk_image(const ImageOptions& options, std::vector<HashAlg> algs,
                                 cli::Io& io) {
  cli::Progress progress(io, "reading " + printable(options.image));
  return image::walk_image(options.image, walk_options(options, std::move(algs), progress));
}

Result<image::Walked> inspect_image(const ImageOptions& options, cli::Io& io) {
  cli::Progress progress(io, "reading " + printable(options.image));
  image::WalkOptions how = walk_options(options, {}, progress);
  how.inspect = true;
  return image::walk_image(options.image, how);
}

void print_findings(const std::string& image, std::span<const image::Finding> findings,
                    std::ostream& err) {
  for (const image::Finding& finding : findings) {
    err << "etalon: warning: " << image << ": ";
    if (!finding.path.empty()) err << printable(finding.path) << ": ";
    if (finding.offset) err << "entry at " << *finding.offset << ": ";
    err << finding.message << '\n';
  }
}

Json findings_json(std::span<const image::Finding> findings) {
  Json::Array all;
  for (const image::Finding& finding : findings) {
    Json::Object object{{"id", finding.id}, {"message", finding.message}};
    if (!finding.path.empty()) put_bytes(object, "path", finding.path);
    if (finding.offset) object.emplace("offset", *finding.offset);
    all.emplace_back(std::move(object));
  }
  return all;
}

void JsonArrayWriter::add(const Json& element) {
  out_ << (empty_ ? "[\n" : ",\n");
  empty_ = false;
  std::string text = element.pretty();
  text.pop_back();  // its newline
  out_ << "  ";
  // Inside a JSON text a newline is always indentation, never content.
  for (const char c : text) {
    out_ << c;
    if (c == '\n') out_ << "  ";
  }
}

void JsonArrayWriter::end() {
  out_ << (empty_ ? "[]\n" : "\n]\n");
}

}  // namespace etalon::build
