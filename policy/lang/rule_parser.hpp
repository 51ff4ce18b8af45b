// SPDX-License-Identifier: Apache-2.0
// Reads a rule word by word into a Rule, with the answers of an Oracle to what the kernel can do.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "policy/lang/facts.hpp"
#include "policy/lang/parse.hpp"
#include "policy/lang/rule.hpp"

namespace etalon::policy {

struct Refusal {
  Errno code = Errno::einval;
  std::string reason{};
};

using Outcome = std::optional<Refusal>;  // nothing: accepted

// Answers what a verdict depends on. An unknown fact is answered as assumed; the first one that is
// not assumed yet is noted, and its answer does not matter, because the run is made again.
class Oracle {
 public:
  using Key = std::string;  // how people know the fact
  using Assumed = std::map<Key, bool>;

  Oracle(const KernelFacts& kernel, const Assumed& assumed) : kernel_(kernel), assumed_(assumed) {}

  bool holds(Fact fact) {
    return answer(kernel_.holds(fact), [fact] { return describe(fact); });
  }

  bool has_hash(const HashName& hash) {
    return answer(kernel_.has_hash(hash),
                  [&hash] { return "CONFIG_" + std::string(hash.symbol) + "=y"; });
  }

  const KernelFacts& kernel() const { return kernel_; }

  const std::optional<Key>& open() const { return open_; }

 private:
  template <class Describe>
  bool answer(Known known, Describe describe_fact) {
    if (known != Known::unknown) return known == Known::yes;
    Key key = describe_fact();
    const auto found = assumed_.find(key);
    if (found != assumed_.end()) return found->second;
    if (!open_) open_ = std::move(key);
    return false;
  }

  const KernelFacts& kernel_;
  const Assumed& assumed_;
  std::optional<Key> open_;
};

// Why the kernel refuses the rule, which is then whole in `rule`, or nothing. `line` is no comment
// and has no leading blanks.
Outcome read_rule(std::string_view line, Oracle& oracle, Rule& rule);

}  // namespace etalon::policy
