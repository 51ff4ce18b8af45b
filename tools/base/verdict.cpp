// SPDX-License-Identifier: Apache-2.0
#include "tools/base/verdict.hpp"

#include <string_view>

namespace etalon {

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::fail:
      return "fail";
    case Verdict::inconclusive:
      break;
  }
  return "inconclusive";
}

}  // namespace etalon
