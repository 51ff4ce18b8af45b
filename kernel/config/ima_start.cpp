// SPDX-License-Identifier: Apache-2.0
#include "kernel/config/ima_start.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "kernel/config/hash_symbols.hpp"
#include "kernel/config/kconfig.hpp"
#include "kernel/options/options.hpp"
#include "tools/base/kernel_version.hpp"

namespace etalon::kconfig {
namespace {

constexpr Versions since_6_1{.last_without = {.version = 5, .patchlevel = 10},
                             .first_with = {.version = 6, .patchlevel = 1}};

struct TemplateName {
  std::string_view name{};
  std::string_view format{};
  Versions versions{};
};

constexpr std::array template_names = {
    TemplateName{"ima", "d|n"},
    TemplateName{"ima-ng", "d-ng|n-ng"},
    TemplateName{"ima-sig", "d-ng|n-ng|sig"},
    TemplateName{"ima-ngv2", "d-ngv2|n-ng", since_6_1},
    TemplateName{"ima-sigv2", "d-ngv2|n-ng|sig", since_6_1},
    TemplateName{"ima-buf", "d-ng|n-ng|buf"},
    TemplateName{"ima-modsig", "d-ng|n-ng|sig|d-modsig|modsig"},
    TemplateName{"evm-sig", "d-ng|n-ng|evmsig|xattrnames|xattrlengths|xattrvalues|iuid|igid|imode",
                 since_6_1},
};

constexpr std::array<std::string_view, 7> old_fields = {"d",   "n",        "d-ng",  "n-ng",
                                                        "sig", "d-modsig", "modsig"};
constexpr std::array<std::string_view, 8> fields_since_6_1 = {
    "d-ngv2", "evmsig", "iuid", "igid", "imode", "xattrnames", "xattrlengths", "xattrvalues"};
constexpr std::size_t max_fields = 15;

// Which names this version has; those of others are told from those of no version only by being
// unknown, which is what the kernel says too.
constexpr std::array hash_versions = {
    std::pair{std::string_view("sm3"), since_6_1},
    std::pair{std::string_view("sm3-256"),
              Versions{.last_with = {.version = 5, .patchlevel = 10},
                       .first_without = {.version = 6, .patchlevel = 1}}},
    std::pair{std::string_view("sha3-256"),
              Versions{.last_without = {.version = 6, .patchlevel = 1},
                       .first_with = {.version = 6, .patchlevel = 12}}},
    std::pair{std::string_view("sha3-384"),
              Versions{.last_without = {.version = 6, .patchlevel = 1},
                       .first_with = {.version = 6, .patchlevel = 12}}},
    std::pair{std::string_view("sha3-512"),
              Versions{.last_without = {.version = 6, .patchlevel = 1},
                       .first_with = {.version = 6, .patchlevel = 12}}},
};

const HashName* known_hash(std::string_view name, KernelVersion kernel) {
  const auto* row =
      std::ranges::find(hash_versions, name, &std::pair<std::string_view, Versions>::first);
  if (row != hash_versions.end() && holds(row->second, kernel) == Known::no) return nullptr;
  return find_hash(name);
}

const TemplateName* known_template(std::string_view name, KernelVersion kernel) {
  for (const TemplateName& each : template_names) {
    if (each.name != name && each.format != name) continue;
    if (holds(each.versions, kernel) != Known::no) return &each;
  }
  return nullptr;
}

bool known_format(std::string_view format, KernelVersion kernel) {
  for (std::size_t count = 1; count <= max_fields; ++count) {
    const std::string_view field = format.substr(0, format.find('|'));
    const bool known = field == "buf" || std::ranges::find(old_fields, field) != old_fields.end() ||
                       (holds(since_6_1, kernel) != Known::no &&
                        std::ranges::find(fields_since_6_1, field) != fields_since_6_1.end());
    if (!known) return false;
    if (field.size() == format.size()) return true;
    format.remove_prefix(field.size() + 1);
  }
  return false;
}

// The only hashes the oldest template has room for; the kernel looks no further than the first
// letters when it reads a parameter.
bool fits_old_template(std::string_view hash) {
  return hash.starts_with("sha1") || hash.starts_with("md5");
}

class Starter {
 public:
  Starter(const Config& config, KernelVersion kernel) : config_(config), kernel_(kernel) {}

  void word(const std::string& word) {
    constexpr std::string_view hash = "ima_hash=";
    constexpr std::string_view by_name = "ima_template=";
    constexpr std::string_view by_format = "ima_template_fmt=";
    const std::string_view text = word;
    std::string_view why;
    if (text.starts_with(hash))
      why = set_hash(text.substr(hash.size()));
    else if (text.starts_with(by_name))
      why = set_template(text.substr(by_name.size()));
    else if (text.starts_with(by_format))
      why = set_format(text.substr(by_format.size()));
    if (!why.empty()) start_.ignored.push_back({.word = word, .why = std::string(why)});
  }

  ImaStart finish() {
    const std::string_view fallback = config_.value("IMA_DEFAULT_HASH");
    set_hash(fallback);  // does nothing where one is set
    start_.tmplate = tmplate();
    start_.hash = hash_;
    const HashName* hash = find_hash(hash_);
    if (hash_ == fallback || hash == nullptr || available(config_, *hash) == Available::builtin)
      return std::move(start_);
    start_.lost_hash = hash_;
    hash_set_ = false;
    set_hash(fallback);
    start_.hash = hash_;
    return std::move(start_);
  }

 private:
  std::string tmplate() const {
    return template_set_ ? tmplate_ : std::string(config_.value("IMA_DEFAULT_TEMPLATE"));
  }

  // Each says why it does nothing, or nothing.
  std::string_view set_hash(std::string_view name) {
    if (hash_set_) return "an ima_hash= before it counts";
    if (tmplate() == "ima") {
      if (!fits_old_template(name)) return "the template ima takes no hash but SHA-1 and MD5";
      hash_ = name.starts_with("sha1") ? "sha1" : "md5";
    } else {
      if (known_hash(name, kernel_) == nullptr) return "the kernel knows no such hash";
      hash_ = name;
    }
    hash_set_ = true;
    return {};
  }

  std::string_view set_template(std::string_view name) {
    if (template_set_) return "an ima_template= or ima_template_fmt= before it counts";
    const TemplateName* found = known_template(name, kernel_);
    if (found == nullptr) return "the kernel knows no such template";
    if (name == "ima" && hash_ != "sha1" && hash_ != "md5")
      return "the template ima does not take the hash of the ima_hash= before it";
    tmplate_ = found->name;
    template_set_ = true;
    return {};
  }

  std::string_view set_format(std::string_view format) {
    if (template_set_) return "an ima_template= or ima_template_fmt= before it counts";
    if (!known_format(format, kernel_)) return "the kernel does not know all these fields";
    tmplate_ = format;
    template_set_ = true;
    return {};
  }

  const Config& config_;
  KernelVersion kernel_;
  std::string hash_ = "sha1";  // what the kernel begins with
  bool hash_set_ = false;
  std::string tmplate_;
  bool template_set_ = false;
  ImaStart start_;
};

}  // namespace

ImaStart ima_start(const Config& config, std::span<const std::string> words, KernelVersion kernel) {
  Starter starter(config, kernel);
  for (const std::string& word : words)
    starter.word(word);
  return starter.finish();
}

}  // namespace etalon::kconfig
