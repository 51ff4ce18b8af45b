// SPDX-License-Identifier: Apache-2.0
// The parts of check_config(), and what they share.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/config/check.hpp"
#include "kernel/config/kconfig.hpp"
#include "kernel/config/request.hpp"
#include "kernel/options/features.hpp"

namespace etalon::kconfig {

struct CheckParts {
  const Config& config;
  const FragmentRequest& request;
  std::span<const Feature> features;  // with their foundations
  // The words the kernel sees before "--": CONFIG_CMDLINE's as well.
  std::span<const std::string> words;
  bool words_known = false;
  std::span<const std::string> banks;
  std::span<const Wanted> wanted;
  std::vector<Finding>& findings;

  bool asks(Feature feature) const;
  // IMA is asked for and there.
  bool measures() const;
  void note(std::string_view id, std::string message, std::string fix) const;
  void warn(std::string_view id, std::string message, std::string fix) const;
  void error(std::string_view id, std::string message, std::string fix) const;
};

// "CONFIG_X"
std::string config_name(std::string_view symbol);

// The configuration is another kernel's, or no final one.
void check_origin(const CheckParts& check);
// What IMA hashes with, and which register banks that leaves out.
void check_hashes(const CheckParts& check);
// Parameters that are passed over, or switch something off.
void check_parameters(const CheckParts& check);
// Options beside those that are needed.
void check_ima_options(const CheckParts& check);
// The security module that up to some version IMA and EVM cannot do without.
void check_lsm(const CheckParts& check);
void check_tpm(const CheckParts& check);
void check_tdx(const CheckParts& check);

}  // namespace etalon::kconfig
