// SPDX-License-Identifier: Apache-2.0
// Rendering of the manifest. Optional members are left out when they say nothing; members whose
// absence a reader would have to interpret (the TD body pins) are always written.
#include "references/bundle/manifest.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "references/eventlog/event_json.hpp"
#include "references/eventlog/expectation.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/writer.hpp"
#include "tools/codec/json.hpp"

namespace etalon::bundle {
namespace {

void put_text(Json::Object& fields, const char* member, const std::string& text) {
  if (!text.empty()) fields.emplace(member, text);
}

Json texts_json(const std::vector<std::string>& texts) {
  return Json::Array(texts.begin(), texts.end());
}

void put_texts(Json::Object& fields, const char* member, const std::vector<std::string>& texts) {
  if (!texts.empty()) fields.emplace(member, texts_json(texts));
}

Json release_json(const Release& release) {
  Json::Object fields{{"sequence", release.sequence}};
  put_text(fields, "name", release.name);
  put_text(fields, "version", release.version);
  if (release.not_before) fields.emplace("notBefore", release.not_before->text());
  if (release.not_after) fields.emplace("notAfter", release.not_after->text());
  std::vector<std::string> supersedes;
  supersedes.reserve(release.supersedes.size());
  for (const Sha256& each : release.supersedes)
    supersedes.push_back(each.hex());
  put_texts(fields, "supersedes", supersedes);
  return fields;
}

Json image_json(const Image& image) {
  Json::Object fields{{"cmdline", image.cmdline}};
  put_text(fields, "format", image.format);
  put_text(fields, "os", image.os);
  put_text(fields, "kernel", image.kernel);
  Json::Array components;
  for (const Component& each : image.components) {
    components.emplace_back(Json::Object{{"name", each.name},
                                         {"size", each.size},
                                         {"digests", eventlog::digests_json(each.digests)}});
  }
  fields.emplace("components", std::move(components));
  return fields;
}

Json bits_json(const MaskedBits& bits) {
  return Json(Json::Object{{"mask", to_hex(ByteWriter().u64(bits.mask).view())},
                           {"value", to_hex(ByteWriter().u64(bits.value).view())}});
}

Json td_json(const TdPins& td) {
  Json::Object fields{
      {"attributes", bits_json(td.attributes)},    {"xfam", bits_json(td.xfam)},
      {"mrconfigid", to_hex(td.mrconfigid)},       {"mrowner", to_hex(td.mrowner)},
      {"mrownerconfig", to_hex(td.mrownerconfig)}, {"mrservicetd", to_hex(td.mrservicetd)},
  };
  if (!td.mrseam.empty()) {
    Json::Array any;
    for (const TdRegister& each : td.mrseam)
      any.emplace_back(to_hex(each));
    fields.emplace("mrseam", Json::Object{{"any", std::move(any)}});
  }
  if (td.min_tcb_svn) fields.emplace("min_tcb_svn", to_hex(*td.min_tcb_svn));
  return fields;
}

Json variants_json(const std::vector<EventVariant>& variants) {
  Json::Array array;
  for (const EventVariant& each : variants) {
    array.emplace_back(Json::Object{{"register", each.reg.text()},
                                    {"event", each.event},
                                    {"label", each.label},
                                    {"digests", eventlog::digests_json(each.digests)}});
  }
  return array;
}

Json platform_json(const Platform& platform) {
  Json::Object conditions;
  for (const auto& [name, values] : platform.conditions)
    conditions.emplace(name, texts_json(values));
  Json::Object registers;
  for (const auto& [reg, expectation] : platform.registers)
    registers.emplace(reg.text(), eventlog::expectation_json(expectation));
  Json::Object fields{{"id", platform.id},
                      {"tee", platform.tee},
                      {"boot", platform.boot},
                      {"conditions", std::move(conditions)},
                      {"registers", std::move(registers)}};
  put_text(fields, "ruleset", platform.ruleset);
  put_text(fields, "eventlog", platform.eventlog);
  put_texts(fields, "assumptions", platform.assumptions);
  put_texts(fields, "unpinned", platform.unpinned);
  if (!platform.variants.empty()) fields.emplace("variants", variants_json(platform.variants));
  if (platform.tee == "tdx") fields.emplace("td", td_json(platform.td.value_or(TdPins{})));
  return fields;
}

Json ima_json(const Ima& ima) {
  Json::Object fields{{"hash", ima.hash}};
  put_texts(fields, "templates", ima.templates);
  put_text(fields, "policy", ima.policy);
  put_text(fields, "files", ima.files);
  if (ima.boot_aggregate) {
    fields.emplace("bootAggregate", eventlog::expectation_json(*ima.boot_aggregate));
  }
  return fields;
}

Json members_json(const std::vector<Member>& members) {
  Json::Array array;
  for (const Member& each : members) {
    array.emplace_back(Json::Object{{"path", each.path},
                                    {"sha256", each.sha256.hex()},
                                    {"size", each.size},
                                    {"mediaType", each.media_type}});
  }
  return array;
}

Json predicate_json(const Manifest& manifest) {
  Json::Array platforms;
  for (const Platform& each : manifest.platforms)
    platforms.push_back(platform_json(each));
  Json::Array tools;
  for (const Tool& each : manifest.tools)
    tools.emplace_back(Json::Object{{"name", each.name}, {"version", each.version}});
  Json::Object fields{{"schema", manifest_schema},
                      {"release", release_json(manifest.release)},
                      {"image", image_json(manifest.image)},
                      {"platforms", std::move(platforms)},
                      {"members", members_json(manifest.members)},
                      {"tools", std::move(tools)}};
  if (manifest.ima) fields.emplace("ima", ima_json(*manifest.ima));
  return fields;
}

}  // namespace

std::string render_payload(const Manifest& manifest) {
  Json::Array subjects;
  for (const Subject& each : manifest.subjects) {
    subjects.emplace_back(
        Json::Object{{"name", each.name}, {"digest", eventlog::digests_json(each.digest)}});
  }
  return Json(Json::Object{{"_type", statement_type},
                           {"subject", std::move(subjects)},
                           {"predicateType", predicate_type},
                           {"predicate", predicate_json(manifest)}})
      .canonical();
}

}  // namespace etalon::bundle
