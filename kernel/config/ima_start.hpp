// SPDX-License-Identifier: Apache-2.0
// With which hash and template IMA starts: its parameters in the order of the command line, each
// judged by what the ones before it set, then the defaults of the configuration, then whether the
// hash can be had at all (Linux 6.12, security/integrity/ima: hash_setup(), ima_template_setup(),
// ima_template_fmt_setup(), init_ima(); the same in 5.10, 6.1 and 7.2).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kernel/config/kconfig.hpp"
#include "tools/base/kernel_version.hpp"

namespace etalon::kconfig {

// A word of the command line that the kernel passes over.
struct IgnoredWord {
  std::string word{};
  std::string why{};

  bool operator==(const IgnoredWord&) const = default;
};

struct ImaStart {
  std::string hash{};       // of files
  std::string tmplate{};    // by name, or the format of ima_template_fmt=
  std::string lost_hash{};  // one that was asked for and is not built in; may be empty
  std::vector<IgnoredWord> ignored{};

  bool operator==(const ImaStart&) const = default;
};

// `words` are those of the command line before "--".
ImaStart ima_start(const Config& config, std::span<const std::string> words, KernelVersion kernel);

}  // namespace etalon::kconfig
