// SPDX-License-Identifier: Apache-2.0
#include "kernel/config/hash_symbols.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "kernel/config/kconfig.hpp"

namespace etalon::kconfig {
namespace {

constexpr std::array hashes = {
    HashName{"md4", "CRYPTO_MD4", ""},
    HashName{"md5", "CRYPTO_MD5", ""},
    HashName{"sha1", "CRYPTO_SHA1", ""},
    HashName{"rmd160", "CRYPTO_RMD160", ""},
    HashName{"sha256", "CRYPTO_SHA256", ""},
    HashName{"sha384", "CRYPTO_SHA512", ""},
    HashName{"sha512", "CRYPTO_SHA512", ""},
    HashName{"sha224", "CRYPTO_SHA256", ""},
    HashName{"rmd128", "CRYPTO_RMD128", ""},
    HashName{"rmd256", "CRYPTO_RMD256", ""},
    HashName{"rmd320", "CRYPTO_RMD320", ""},
    HashName{"wp256", "CRYPTO_WP512", ""},
    HashName{"wp384", "CRYPTO_WP512", ""},
    HashName{"wp512", "CRYPTO_WP512", ""},
    HashName{"tgr128", "CRYPTO_TGR192", ""},
    HashName{"tgr160", "CRYPTO_TGR192", ""},
    HashName{"tgr192", "CRYPTO_TGR192", ""},
    HashName{"sm3", "CRYPTO_SM3", "CRYPTO_SM3_GENERIC"},
    HashName{"sm3-256", "CRYPTO_SM3", ""},
    HashName{"streebog256", "CRYPTO_STREEBOG", ""},
    HashName{"streebog512", "CRYPTO_STREEBOG", ""},
    HashName{"sha3-256", "CRYPTO_SHA3", ""},
    HashName{"sha3-384", "CRYPTO_SHA3", ""},
    HashName{"sha3-512", "CRYPTO_SHA3", ""},
};

}  // namespace

std::span<const HashName> hash_names() {
  return hashes;
}

const HashName* find_hash(std::string_view name) {
  const auto* found = std::ranges::find(hashes, name, &HashName::name);
  return found == hashes.end() ? nullptr : found;
}

Available available(const Config& config, const HashName& hash) {
  const auto has = [&](std::string_view value) {
    return config.value(hash.symbol) == value ||
           (!hash.old_symbol.empty() && config.value(hash.old_symbol) == value);
  };
  if (has("y")) return Available::builtin;
  return has("m") ? Available::module : Available::no;
}

}  // namespace etalon::kconfig
