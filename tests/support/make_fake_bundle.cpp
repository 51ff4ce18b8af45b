// SPDX-License-Identifier: Apache-2.0
// make_fake_bundle NAME PATH writes the fake bundle NAME, "demo" or "tiny", unsigned: how
// tests/data/bundle, the worked example and fuzz seeds are made.
#include <iostream>
#include <string_view>

#include "references/bundle/bundle_file.hpp"
#include "tests/support/fake_bundle.hpp"
#include "tools/base/result.hpp"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto bundle = std::string_view(argv[1]) == "tiny" ? etalon::test::tiny_bundle()
                                                          : etalon::test::fake_bundle();
  const etalon::Status written = etalon::bundle::write_bundle(argv[2], bundle);
  if (!written) std::cerr << written.error().text() << '\n';
  return written ? 0 : 1;
}
