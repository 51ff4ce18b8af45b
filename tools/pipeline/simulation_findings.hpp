// SPDX-License-Identifier: Apache-2.0
// What a simulation leaves to say: rules that no file of the image reaches, and ways to run code
// that the policy does not see in this image. Sources: Linux, security/integrity/ima/ima_main.c for
// what the hooks are called for; kernel/module/main.c for modules that arrive unpacked.
#pragma once

#include <vector>

#include "mkosi/image/loader/load_map.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/load.hpp"
#include "tools/pipeline/simulation.hpp"

namespace etalon::pipeline {

std::vector<SimulationFinding> find_gaps(const Simulation& simulation,
                                         const policy::JudgedPolicy& policy,
                                         const loader::LoadMap& map,
                                         const policy::KernelFacts& kernel);

}  // namespace etalon::pipeline
