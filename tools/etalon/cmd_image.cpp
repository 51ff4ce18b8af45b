// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/program.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {

void add_image(cli::Program& program) {
  cli::Verb group = program.verb("image", "look into an image");
  add_image_show(group);
  add_image_list(group);
  add_image_digest(group);
}

}  // namespace etalon::build
