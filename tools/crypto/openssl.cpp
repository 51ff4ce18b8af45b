// SPDX-License-Identifier: Apache-2.0
#include "tools/crypto/openssl.hpp"

#include <openssl/crypto.h>

#include "tools/base/assert.hpp"

namespace etalon::crypto {

void ignore_openssl_config() {
  const bool ready = OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) == 1;
  ETALON_ASSERT(ready);
}

}  // namespace etalon::crypto
