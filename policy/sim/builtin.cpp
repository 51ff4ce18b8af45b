// SPDX-License-Identifier: Apache-2.0
#include "policy/sim/builtin.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/base/kernel_version.hpp"

namespace etalon::policy {
namespace {

using std::string_view_literals::operator""sv;

constexpr KernelVersion narrow_tmpfs{.version = 6, .patchlevel = 14};

// proc, sysfs, debugfs | devpts, binfmt_misc, securityfs, selinuxfs, smackfs, cgroup, cgroup2,
// nsfs, efivarfs
constexpr std::array before_tmpfs = {"0x9fa0"sv, "0x62656572"sv, "0x64626720"sv};
constexpr std::string_view tmpfs = "0x1021994";
constexpr std::array after_tmpfs = {
    "0x1cd1"sv,   "0x42494e4d"sv, "0x73636673"sv, "0xf97cff8c"sv, "0x43415d53"sv,
    "0x27e0eb"sv, "0x63677270"sv, "0x6e736673"sv, "0xde5e81e4"sv,
};
constexpr std::array tcb = {
    "measure func=MMAP_CHECK mask=MAY_EXEC"sv,
    "measure func=BPRM_CHECK mask=MAY_EXEC"sv,
    "measure func=FILE_CHECK mask=^MAY_READ euid=0"sv,
    "measure func=FILE_CHECK mask=^MAY_READ uid=0"sv,
    "measure func=MODULE_CHECK"sv,
    "measure func=FIRMWARE_CHECK"sv,
    "measure func=POLICY_CHECK"sv,
};
constexpr std::array original_tcb = {
    "measure func=MMAP_CHECK mask=MAY_EXEC"sv,
    "measure func=BPRM_CHECK mask=MAY_EXEC"sv,
    "measure func=FILE_CHECK mask=MAY_READ uid=0"sv,
    "measure func=MODULE_CHECK"sv,
    "measure func=FIRMWARE_CHECK"sv,
};
// They appraise, or say how.
constexpr std::array not_measuring = {"appraise_tcb"sv, "secure_boot"sv, "fail_securely"sv};

class Lines {
 public:
  void add(std::string_view line) { (text_ += line) += '\n'; }

  void add(std::span<const std::string_view> lines) {
    for (const std::string_view line : lines)
      add(line);
  }

  void exclude(std::span<const std::string_view> magics) {
    for (const std::string_view magic : magics)
      add("dont_measure fsmagic=" + std::string(magic));
  }

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::vector<std::string> split(std::string_view words) {
  std::vector<std::string> list;
  while (!words.empty()) {
    const std::size_t end = words.find_first_of(" |\n");
    if (end > 0) list.emplace_back(words.substr(0, end));
    words = end == std::string_view::npos ? std::string_view() : words.substr(end + 1);
  }
  return list;
}

void add_tcb(Lines& lines, bool original, KernelVersion kernel) {
  lines.exclude(before_tmpfs);
  lines.add("dont_measure fsmagic=" + std::string(tmpfs) +
            (kernel >= narrow_tmpfs ? " func=FILE_CHECK" : ""));
  lines.exclude(after_tmpfs);
  if (original)
    lines.add(original_tcb);
  else
    lines.add(tcb);
}

}  // namespace

BuiltinPolicy builtin_policy(std::string_view words, KernelVersion kernel) {
  BuiltinPolicy policy;
  Lines lines;
  bool critical_data = false;
  bool has_tcb = false;
  for (const std::string& word : split(words)) {
    if (word == "tcb" || word == "ima_tcb") {
      // the first of the two wins
      if (!has_tcb) add_tcb(lines, word == "ima_tcb", kernel);
      has_tcb = true;
    } else if (word == "critical_data") {
      critical_data = true;
    } else if (std::ranges::find(not_measuring, word) == not_measuring.end()) {
      policy.unknown.push_back(word);
    }
  }
  if (critical_data) lines.add("measure func=CRITICAL_DATA");
  policy.text = lines.take();
  return policy;
}

}  // namespace etalon::policy
