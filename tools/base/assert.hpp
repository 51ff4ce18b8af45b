// SPDX-License-Identifier: Apache-2.0
// ETALON_ASSERT stops the program on an error of ours. It is always on, and never used for input.
#pragma once

#include <cstdio>
#include <cstdlib>

#define ETALON_ASSERT(condition)                                                            \
  do {                                                                                      \
    if (!(condition)) {                                                                     \
      (void)std::fprintf(stderr, "etalon: internal error: %s:%d: %s\n", __FILE__, __LINE__, \
                         #condition);                                                       \
      std::abort();                                                                         \
    }                                                                                       \
  } while (false)
