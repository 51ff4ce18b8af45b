// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/firmware.hpp"

#include <string>

#include "references/measure/tdx/tdvf.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"

namespace etalon::pipeline {

namespace tdx = measure::tdx;

Result<Bytes> load_firmware(const std::string& file, const std::string& code) {
  TRY_ASSIGN(Bytes image, read_file(file, tdx::max_firmware_size));
  if (code.empty()) return image;
  TRY_ASSIGN(const Bytes code_part, read_file(code, tdx::max_firmware_size));
  return in_file(tdx::join_split(image, code_part), file);
}

}  // namespace etalon::pipeline
