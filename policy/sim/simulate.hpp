// SPDX-License-Identifier: Apache-2.0
// Which accesses to which files a policy puts on the IMA list, and by which rule: the walk of
// ima_match_policy() (Linux, security/integrity/ima/ima_policy.c) over files that are known and
// processes that are not. The first rule of the measure class that matches decides; what the answer
// owes to the process is kept as a condition and not guessed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/lang/load.hpp"
#include "policy/sim/condition.hpp"
#include "policy/sim/file_facts.hpp"

namespace etalon::policy {

// unknown: it depends on something neither the image nor the command line tells.
enum class Measured : std::uint8_t { no, yes, conditional, unknown };

// "no", "yes", "conditional", "unknown"
std::string_view name(Measured measured);

// A rule that puts an access on the list: when `when` holds and none of `unless` does.
struct Deciding {
  std::size_t line = 0;
  std::optional<std::string> templ{};  // nothing: the kernel's default
  std::optional<unsigned> pcr{};       // nothing: the kernel's own
  Condition when{};
  std::vector<Condition> unless{};

  // "uid>99 and not (uid=1001)"; empty for always
  std::string text() const;
};

struct Decision {
  Measured measured = Measured::no;
  std::vector<Deciding> rules{};                // more than one only where the process decides
  std::optional<std::size_t> excluding_line{};  // of the rule that decides "no" for everybody
  std::vector<std::size_t> reached{};           // lines of the rules that decide for somebody
};

// The rules that decide about measuring, ready for questions.
class Simulator {
 public:
  // `judged` is a policy the kernel accepts as a whole.
  explicit Simulator(const JudgedPolicy& judged);

  // Whether an access of that kind to a file on `file_system`, owned as `file` says, is measured.
  Decision decide(const FileFacts& file, const FileSystem& file_system, Touch touch) const;

  // Lines of the rules, in order.
  std::vector<std::size_t> lines() const;

 private:
  struct Line {
    std::size_t number = 0;
    Rule rule{};
  };

  std::vector<Line> rules_;
};

struct SimulatedTouch {
  Touch touch{};
  Decision decision{};
};

struct SimulatedFile {
  std::size_t file = 0;  // index
  // The best of its touches: yes, then conditional, then unknown, then no.
  Measured measured = Measured::no;
  std::vector<SimulatedTouch> touches{};
};

// `files` in their order. Equal questions are asked once.
std::vector<SimulatedFile> simulate(const Simulator& simulator, std::span<const FileFacts> files,
                                    std::span<const FileSystem> file_systems);

// What the kernel uses where a rule names nothing.
struct ListDefaults {
  std::string templ{};  // name
  unsigned pcr = 10;    // CONFIG_IMA_MEASURE_PCR_IDX
  std::string hash{};   // of file digests, "sha256"
};

// An upper bound of the list's length while no file changes: the boot aggregate, and one entry per
// file and PCR, because the kernel remembers both (struct ima_iint_cache, measured_pcrs).
struct ListBound {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;  // of the binary list without suffix
};

ListBound bound_list(std::span<const FileFacts> files, std::span<const SimulatedFile> simulated,
                     const ListDefaults& defaults);

}  // namespace etalon::policy
