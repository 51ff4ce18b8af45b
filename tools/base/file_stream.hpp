// SPDX-License-Identifier: Apache-2.0
// Writing a file of any size piece by piece, with the promises of file.hpp: a reader sees the old
// file or the whole new one.
#pragma once

#include <functional>
#include <string>

#include <sys/types.h>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon {

using WritePiece = std::function<Status(ByteView piece)>;

// `fill` hands the content over in order. When it fails nothing is left behind, and its error is
// what comes out.
Status stream_file_atomic(const std::string& path,
                          const std::function<Status(const WritePiece& write)>& fill,
                          mode_t mode = 0644);

}  // namespace etalon
