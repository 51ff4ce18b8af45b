// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/components.hpp"

#include <array>
#include <utility>
#include <vector>

#include "mkosi/uki/authenticode.hpp"
#include "mkosi/uki/pe.hpp"
#include "references/bundle/manifest.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::pipeline {
namespace {

constexpr std::array component_algs = {HashAlg::sha256, HashAlg::sha384};

}  // namespace

Result<std::vector<bundle::Component>> uki_components(const uki::Pe& pe) {
  std::vector<bundle::Component> components;
  TRY_ASSIGN(const DigestSet authenticode, uki::authenticode(pe, component_algs));
  components.push_back({.name = "authenticode", .size = pe.file.size(), .digests = authenticode});
  for (const uki::Section& section : pe.sections) {
    if (!section.name.starts_with('.') || section.virtual_size == 0) continue;
    TRY_ASSIGN(const uki::Content content, pe.content(section));
    components.push_back({.name = section.name,
                          .size = content.size(),
                          .digests = uki::hash_content(component_algs, content)});
  }
  return components;
}

}  // namespace etalon::pipeline
