// SPDX-License-Identifier: Apache-2.0
// Reads a file of the source tree, for tests over tests/data and other committed examples. The
// folder is known to source_files.cpp alone: a path in every test's command line would make no two
// checkouts share a compiler cache.
#pragma once

#include <string>

#include "tools/base/bytes.hpp"

namespace etalon::test {

std::string source_path(const std::string& path);

// The bytes of a committed file; its absence is a fault of the tree and ends the test run.
Bytes source_file(const std::string& path);

}  // namespace etalon::test
