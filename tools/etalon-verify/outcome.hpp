// SPDX-License-Identifier: Apache-2.0
// What the verbs of etalon-verify share between what was asked and what is said.
#pragma once

#include <string_view>

#include "tools/base/result.hpp"
#include "tools/base/verdict.hpp"
#include "tools/cli/verb.hpp"

namespace etalon::relying {

// An error in what an option says is one of the command line, whatever its parser calls it.
template <class T>
Result<T> as_usage(Result<T> result, std::string_view option) {
  if (!result) {
    result.error().code = ErrorCode::usage;
    result.error().field = option;
  }
  return result;
}

inline cli::ExitCode exit_code(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return cli::ExitCode::done;
    case Verdict::fail:
      return cli::ExitCode::negative;
    case Verdict::inconclusive:
      break;
  }
  return cli::ExitCode::inconclusive;
}

}  // namespace etalon::relying
