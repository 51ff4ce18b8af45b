// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/hash_algo.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace etalon::ima {
namespace {

constexpr std::array algos = {
    HashAlgo{"md4", 16},         HashAlgo{"md5", 16},         HashAlgo{"sha1", 20},
    HashAlgo{"rmd160", 20},      HashAlgo{"sha256", 32},      HashAlgo{"sha384", 48},
    HashAlgo{"sha512", 64},      HashAlgo{"sha224", 28},      HashAlgo{"rmd128", 16},
    HashAlgo{"rmd256", 32},      HashAlgo{"rmd320", 40},      HashAlgo{"wp256", 32},
    HashAlgo{"wp384", 48},       HashAlgo{"wp512", 64},       HashAlgo{"tgr128", 16},
    HashAlgo{"tgr160", 20},      HashAlgo{"tgr192", 24},      HashAlgo{"sm3", 32},
    HashAlgo{"streebog256", 32}, HashAlgo{"streebog512", 64}, HashAlgo{"sha3-256", 32},
    HashAlgo{"sha3-384", 48},    HashAlgo{"sha3-512", 64},
};

}  // namespace

std::span<const HashAlgo> hash_algos() {
  return algos;
}

const HashAlgo* hash_algo_at(std::uint8_t number) {
  return number < algos.size() ? &algos.at(number) : nullptr;
}

const HashAlgo* find_hash_algo(std::string_view name) {
  const auto* found = std::ranges::find(algos, name, &HashAlgo::name);
  return found == algos.end() ? nullptr : found;
}

}  // namespace etalon::ima
