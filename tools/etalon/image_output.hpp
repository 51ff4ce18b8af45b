// SPDX-License-Identifier: Apache-2.0
// What the verbs of `etalon image` share: how paths of any bytes, entries and findings are printed,
// and the options all of them have.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mkosi/image/hash_pool.hpp"
#include "mkosi/image/tree.hpp"
#include "mkosi/image/walk.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/progress.hpp"
#include "tools/cli/verb.hpp"
#include "tools/codec/json.hpp"

namespace etalon::build {

struct ImageOptions {
  std::string image{};
  unsigned jobs = image::default_jobs();
  std::uint64_t max_unpacked = image::default_max_unpacked;
};

// IMAGE, or the option that names it, --jobs, --max-unpacked.
void add_image_options(cli::Verb& verb, ImageOptions& options, const char* spelling = "IMAGE");

// How to walk the image, hashing with `algs`; `progress` is told how far it is and must live as
// long.
image::WalkOptions walk_options(const ImageOptions& options, std::vector<HashAlg> algs,
                                cli::Progress& progress);
// Walks the image; progress is drawn while it takes long.
Result<image::Walked> walk_image(const ImageOptions& options, std::vector<HashAlg> algs,
                                 cli::Io& io);
// The same for what its files are, without their digests.
Result<image::Walked> inspect_image(const ImageOptions& options, cli::Io& io);

// One warning line per finding on `err`, for people.
void print_findings(const std::string& image, std::span<const image::Finding> findings,
                    std::ostream& err);
Json findings_json(std::span<const image::Finding> findings);

// Writes a JSON array element by element, as Json::pretty() would, without holding it whole.
class JsonArrayWriter {
 public:
  explicit JsonArrayWriter(std::ostream& out) : out_(out) {}

  void add(const Json& element);
  void end();

 private:
  std::ostream& out_;
  bool empty_ = true;
};

}  // namespace etalon::build
