// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <iomanip>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "references/eventlog/event.hpp"
#include "references/measure/tdx/mrtd.hpp"
#include "references/measure/tdx/tdvf.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/etalon/verbs.hpp"
#include "tools/pipeline/firmware.hpp"

namespace etalon::build {
namespace {

namespace tdx = measure::tdx;

struct Options {
  std::string firmware;
  std::string code;
};

struct Mrtd {
  std::uint64_t size = 0;
  Sha256 sha256{};  // of the image as the guest sees it: a split one joined
  tdx::Metadata metadata{};
  Sha384 page{};
  Sha384 section{};
};

// Nearly all time goes into three digests, and the two of MRTD can be made at once.
Result<Mrtd> predict(ByteView image) {
  TRY_ASSIGN(auto metadata, tdx::read_metadata(image));
  Result<Sha384> section;
  std::jthread other(
      [&] { section = tdx::predict_mrtd(image, metadata, tdx::MrtdOrdering::section); });
  const Result<Sha384> page = tdx::predict_mrtd(image, metadata, tdx::MrtdOrdering::page);
  const Sha256 digest = sha256(image);
  other.join();
  TRY(page);
  TRY(section);
  return Mrtd{.size = image.size(),
              .sha256 = digest,
              .metadata = std::move(metadata),
              .page = *page,
              .section = *section};
}

std::vector<std::string_view> attribute_names(const tdx::Section& section) {
  std::vector<std::string_view> names;
  if (section.extended()) names.emplace_back("mr-extend");
  if (!section.added()) names.emplace_back("page-aug");
  return names;
}

Json section_json(const tdx::Section& section) {
  Json::Array attributes;
  for (const std::string_view attribute : attribute_names(section))
    attributes.emplace_back(attribute);
  return Json(Json::Object{{"type", name(section.type)},
                           {"data_offset", section.data_offset},
                           {"raw_size", section.raw_size},
                           {"gpa", section.gpa},
                           {"mem_size", section.mem_size},
                           {"attributes", std::move(attributes)}});
}

Json mrtd_json(const Mrtd& mrtd) {
  Json::Array sections;
  for (const tdx::Section& section : mrtd.metadata.sections)
    sections.push_back(section_json(section));
  return Json(Json::Object{
      {"firmware", Json::Object{{"sha256", mrtd.sha256.hex()}, {"size", mrtd.size}}},
      {"mrtd", Json::Object{{std::string(name(tdx::MrtdOrdering::page)), mrtd.page.hex()},
                            {std::string(name(tdx::MrtdOrdering::section)), mrtd.section.hex()}}},
      {"basis", name(tdx::mrtd_basis)},
      {"sections", std::move(sections)}});
}

void print(const Mrtd& mrtd, std::ostream& out) {
  out << "firmware     " << mrtd.sha256.hex() << "  " << mrtd.size << " bytes\n";
  for (const auto& [ordering, value] : {std::pair{tdx::MrtdOrdering::page, mrtd.page},
                                        std::pair{tdx::MrtdOrdering::section, mrtd.section}})
    out << std::left << std::setw(13) << name(ordering) << value.hex() << '\n';
  for (const tdx::Section& section : mrtd.metadata.sections) {
    out << std::left << std::setw(13) << name(section.type) << std::setw(12)
        << hex_number(section.gpa) << std::setw(10) << hex_number(section.mem_size);
    if (section.raw_size == 0)
      out << "no content";
    else
      out << "file " << hex_number(section.data_offset) << '+' << hex_number(section.raw_size);
    for (const std::string_view attribute : attribute_names(section))
      out << ' ' << attribute;
    out << '\n';
  }
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  TRY_ASSIGN(const Bytes image, pipeline::load_firmware(options.firmware, options.code));
  TRY_ASSIGN(const Mrtd mrtd, in_file(predict(image), options.firmware));
  if (io.json)
    io.out << mrtd_json(mrtd).pretty();
  else
    print(mrtd, io.out);
  return cli::ExitCode::done;
}

}  // namespace

void add_predict_mrtd(cli::Verb& group) {
  cli::Verb verb = group.verb("mrtd", "compute MRTD of a TDX firmware image");
  const auto options = std::make_shared<Options>();
  verb.option("FIRMWARE", options->firmware, "firmware image, or the variables part of a split one")
      .required();
  verb.option("CODE", options->code, "code part of a split image");
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
