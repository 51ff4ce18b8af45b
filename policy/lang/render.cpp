// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/render.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/lang/rule.hpp"
#include "tools/base/bytes.hpp"

namespace etalon::policy {
namespace {

// A rule's words so far.
class Words {
 public:
  void add(std::string_view word) {
    if (!text_.empty()) text_ += ' ';
    text_ += word;
  }

  // Nothing for a value that is not there.
  void add_value(std::string_view key, std::string_view value) {
    if (!value.empty()) add(std::string(key) + std::string(value));
  }

  // uid or gid and the like; `effective` is the key of one that looks at the effective id.
  void add_owner(std::string_view key, std::string_view effective,
                 const std::optional<Owner>& owner) {
    if (!owner) return;
    const std::string text = std::string(sign(owner->compare)) + std::to_string(owner->id);
    add_value(owner->effective ? effective : key, text);
  }

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string mask_text(const Mask& mask) {
  return std::string(mask.contained ? "^" : "") + std::string(name(mask.access));
}

std::string_view signature_text(Signature signature) {
  switch (signature) {
    case Signature::any:
      return "";
    case Signature::imasig:
      return "imasig";
    case Signature::modsig:
      return "imasig|modsig";
    case Signature::sigv3:
      return "sigv3";
  }
  return "";
}

// Before 7.2 sigv3 is only taken behind digest_type=verity. What 7.2 takes of the other signatures
// has digest_type=verity behind them.
void add_appraisal(const Rule& rule, Words& words) {
  const bool verity_first =
      rule.verity && (rule.signature == Signature::sigv3 || rule.signature == Signature::any);
  if (verity_first) words.add("digest_type=verity");
  words.add_value("appraise_type=", signature_text(rule.signature));
  if (rule.verity && !verity_first) words.add("digest_type=verity");
  if (rule.check_blacklist) words.add("appraise_flag=check_blacklist");
  words.add_value("appraise_algos=", joined(rule.algorithms, ","));
}

void add_file_system(const Rule& rule, Words& words) {
  if (rule.fsmagic) words.add_value("fsmagic=", hex_number(*rule.fsmagic));
  words.add_value("fsname=", rule.fsname.value_or(""));
  words.add_value("fs_subtype=", rule.fs_subtype.value_or(""));
  words.add_value("fsuuid=", rule.fsuuid.value_or(""));
}

void add_owners(const Rule& rule, Words& words) {
  words.add_owner("uid", "euid", rule.user);
  words.add_owner("gid", "egid", rule.group);
  words.add_owner("fowner", "", rule.fowner);
  words.add_owner("fgroup", "", rule.fgroup);
  for (const auto& [field, label] : rule.lsm)
    words.add_value(std::string(name(field)) + "=", label);
}

}  // namespace

std::string_view sign(Compare compare) {
  switch (compare) {
    case Compare::equal:
      return "=";
    case Compare::above:
      return ">";
    case Compare::below:
      return "<";
  }
  return "";
}

std::string joined(const std::vector<std::string>& items, std::string_view separator) {
  std::string text;
  for (const std::string& item : items) {
    if (!text.empty()) text += separator;
    text += item;
  }
  return text;
}

std::string render_rule(const Rule& rule) {
  Words words;
  words.add(name(rule.action));
  if (rule.func) words.add_value("func=", name(*rule.func));
  if (rule.mask) words.add_value("mask=", mask_text(*rule.mask));
  add_file_system(rule, words);
  add_owners(rule, words);
  add_appraisal(rule, words);
  if (rule.permit_directio) words.add("permit_directio");
  words.add_value("keyrings=", joined(rule.keyrings, "|"));
  words.add_value("label=", joined(rule.labels, "|"));
  if (rule.pcr) words.add_value("pcr=", std::to_string(*rule.pcr));
  words.add_value("template=", rule.templ.value_or(""));
  return words.take();
}

}  // namespace etalon::policy
