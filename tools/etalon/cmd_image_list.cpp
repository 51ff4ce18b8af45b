// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "mkosi/image/tree.hpp"
#include "mkosi/image/walk.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/codec/json_bytes.hpp"
#include "tools/etalon/image_output.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {
namespace {

using image::EntryType;

std::string octal(std::uint32_t mode) {
  std::string digits;
  for (unsigned shift = 12; shift > 0; shift -= 3)
    digits += static_cast<char>('0' + (mode >> (shift - 3) & 7U));
  return digits;
}

bool is_device(const image::Entry& entry) {
  return entry.type == EntryType::character || entry.type == EntryType::block;
}

Json entry_json(const image::Entry& entry) {
  Json::Object object{{"type", name(entry.type)},
                      {"mode", octal(entry.mode)},
                      {"uid", entry.uid},
                      {"gid", entry.gid}};
  put_bytes(object, "path", entry.path);
  if (entry.type == EntryType::file) object.emplace("size", entry.size);
  if (entry.type == EntryType::symlink) put_bytes(object, "target", entry.target);
  if (is_device(entry)) {
    object.emplace("device",
                   Json::Object{{"major", entry.device.major}, {"minor", entry.device.minor}});
  }
  if (entry.links > 1) {
    object.emplace("links", entry.links);
    object.emplace("inode", entry.inode);
  }
  return object;
}

void print_entry(const image::Entry& entry, std::ostream& out) {
  out << name(entry.type) << ' ' << octal(entry.mode) << ' ' << entry.uid << ':' << entry.gid
      << ' ';
  if (is_device(entry))
    out << entry.device.major << ',' << entry.device.minor;
  else
    out << entry.size;
  out << ' ' << printable(entry.path);
  if (entry.type == EntryType::symlink) out << " -> " << printable(entry.target);
  out << '\n';
}

Json list_json(const image::Walked& walked, const std::vector<image::Finding>& findings) {
  Json::Array entries;
  for (const image::Entry& entry : walked.tree.entries())
    entries.push_back(entry_json(entry));
  return Json(Json::Object{{"format", name(walked.format)},
                           {"entries", std::move(entries)},
                           {"findings", findings_json(findings)}});
}

Result<cli::ExitCode> run(const ImageOptions& options, cli::Io& io) {
  TRY_ASSIGN(image::Walked walked, walk_image(options, {}, io));
  std::vector<image::Finding> findings = std::move(walked.findings);
  std::ranges::move(image::find_ima_collisions(walked.tree), std::back_inserter(findings));
  print_findings(options.image, findings, io.err);
  if (io.json) {
    io.out << list_json(walked, findings).pretty();
    return cli::ExitCode::done;
  }
  for (const image::Entry& entry : walked.tree.entries())
    print_entry(entry, io.out);
  return cli::ExitCode::done;
}

}  // namespace

void add_image_list(cli::Verb& group) {
  cli::Verb verb = group.verb("list", "print every entry of an image");
  const auto options = std::make_shared<ImageOptions>();
  add_image_options(verb, *options);
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
