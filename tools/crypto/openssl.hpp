// SPDX-License-Identifier: Apache-2.0
// What the library behind hashes and signatures may look at.
#pragma once

namespace etalon::crypto {

// Keeps OpenSSL from reading a configuration file, whichever its default or the environment
// (OPENSSL_CONF) names: such a file could take algorithms away or put others in their place. To be
// called before anything else, because the first use of the library reads the file.
void ignore_openssl_config();

}  // namespace etalon::crypto
