// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "tools/cli/program.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {

void add_image(cli::Program& program) {
  CLI::App& group = *program.app().add_subcommand("image", "look into an image");
  group.require_subcommand(1);
  add_image_show(program, group);
  add_image_list(program, group);
  add_image_digest(program, group);
}

}  // namespace etalon::build
