// SPDX-License-Identifier: Apache-2.0
// The manifest: everything a release says about itself, as the predicate of an in-toto Statement
// v1 (docs/formats/manifest.md is the specification; references/schema/manifest.schema.json its
// shape). It is filled at build time, rendered once into canonical JSON and from then on handled
// as those bytes: a verifier parses them only after their signature, and a text that is not the
// canonical form of its own value is refused. Reading never widens: a member that is not known is
// ignored, a member that is missing takes the strict default given here, and a newer major schema,
// an unknown status or an unknown register is an error.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "references/eventlog/expectation.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utc.hpp"

namespace etalon::bundle {

inline constexpr std::string_view statement_type = "https://in-toto.io/Statement/v1";
inline constexpr std::string_view predicate_type = "urn:etalon:reference-values:v1";
// MAJOR.MINOR; a reader knows one major and any minor of it.
inline constexpr std::string_view manifest_schema = "1.0";

// What the values are about, found by digest alone: the image, and the firmware where there is
// one. SHA-256 is always among the digests, because other tools look subjects up by it.
struct Subject {
  std::string name{};
  DigestSet digest{};

  bool operator==(const Subject&) const = default;
};

struct Release {
  std::string name{};          // empty: the release has no name, and no --name fits it
  std::string version{};       // for people
  std::uint64_t sequence = 0;  // rises with every release of a name
  std::optional<Utc> not_before{};
  std::optional<Utc> not_after{};
  std::vector<Sha256> supersedes{};  // payloads of the releases this one replaces

  bool operator==(const Release&) const = default;
};

// A part of the image whose digests explain the values: a UKI section, the Authenticode digest.
struct Component {
  std::string name{};
  std::uint64_t size = 0;  // bytes
  DigestSet digests{};

  bool operator==(const Component&) const = default;
};

struct Image {
  std::string format{};   // "uki", …
  std::string os{};       // PRETTY_NAME of os-release
  std::string kernel{};   // release string, e.g. "6.12.43+deb13-amd64"
  std::string cmdline{};  // as the kernel receives it from the image
  std::vector<Component> components{};

  bool operator==(const Image&) const = default;
};

// Alternative digests of one predicted event, for explaining a mismatch without the image. They
// are never accepted in place of the expected value.
struct EventVariant {
  RegisterId reg;
  std::string event{};  // the event's summary, as in the predicted log
  std::string label{};  // what would be different: "command line with quiet"
  DigestSet digests{};

  bool operator==(const EventVariant&) const = default;
};

// A 64-bit field of the TD body of which only the bits in `mask` are compared.
struct MaskedBits {
  std::uint64_t mask = 0;
  std::uint64_t value = 0;  // zero outside the mask

  bool operator==(const MaskedBits&) const = default;
};

// TDATTRIBUTES (TDX module ABI specification, TD_ATTRIBUTES): bits 7:0 make a TD debuggable in one
// way or another; bit 28 keeps the host from injecting #VE on the TD's own pages.
inline constexpr std::uint64_t td_attributes_under_debug = 0xff;
inline constexpr std::uint64_t td_attributes_sept_ve_disable = std::uint64_t{1} << 28U;

using TdRegister = std::array<std::byte, 48>;
using TcbSvn = std::array<std::byte, 16>;

// What the body of a TD quote must hold beside MRTD and the RTMRs. The defaults are the strict
// ones; a member left out of the JSON means exactly these.
struct TdPins {
  MaskedBits attributes{.mask = td_attributes_under_debug | td_attributes_sept_ve_disable,
                        .value = td_attributes_sept_ve_disable};
  MaskedBits xfam{};  // mask 0: left to the verifier's own policy
  TdRegister mrconfigid{};
  TdRegister mrowner{};
  TdRegister mrownerconfig{};
  TdRegister mrservicetd{};
  std::vector<TdRegister> mrseam{};     // accepted modules; empty: left to the collateral
  std::optional<TcbSvn> min_tcb_svn{};  // per component; absent: left to the collateral

  bool operator==(const TdPins&) const = default;
};

// One kind of machine the image was measured for.
struct Platform {
  std::string id{};       // letters, digits, '.', '_', '-'; unique; names the event log
  std::string tee{};      // "tdx", "vtpm"; open for others
  std::string boot{};     // "disk-uki", "direct-kernel", …
  std::string ruleset{};  // firmware, VMM and stub profiles used, for people
  // Condition -> the values of it that the alternatives below cover, e.g. "vcpus": ["1","2"].
  std::map<std::string, std::vector<std::string>> conditions{};
  std::map<RegisterId, eventlog::Expectation> registers{};
  std::vector<EventVariant> variants{};
  std::string eventlog{};                  // path of the member with the predicted log, or empty
  std::vector<std::string> assumptions{};  // what has to hold and is not measured
  std::vector<std::string> unpinned{};     // what the signer knowingly leaves open
  // Only where tee is "tdx"; rendering and parsing put the strict defaults where it is absent.
  std::optional<TdPins> td{};

  bool operator==(const Platform&) const = default;
};

// How the image measures its own files.
struct Ima {
  std::string hash{};                    // the kernel's default: "sha256"
  std::vector<std::string> templates{};  // "ima-ng", …
  std::string policy{};                  // path of the member policy/…, or empty
  std::string files{};                   // path of the member files.json, or empty
  std::optional<eventlog::Expectation> boot_aggregate{};

  bool operator==(const Ima&) const = default;
};

// A file of the bundle that the signature covers.
struct Member {
  std::string path{};
  Sha256 sha256{};
  std::uint64_t size = 0;  // bytes
  std::string media_type{};

  bool operator==(const Member&) const = default;
};

struct Tool {
  std::string name{};
  std::string version{};

  bool operator==(const Tool&) const = default;
};

struct Manifest {
  std::vector<Subject> subjects{};
  Release release{};
  Image image{};
  std::vector<Platform> platforms{};
  std::optional<Ima> ima{};
  std::vector<Member> members{};  // sorted by path; make_bundle() fills it
  std::vector<Tool> tools{};

  bool operator==(const Manifest&) const = default;
};

// Caps on what is parsed; a manifest of ten platforms with a hundred alternatives each has a few
// hundred kilobytes.
inline constexpr std::size_t max_payload_size = std::size_t{16} << 20U;
inline constexpr std::size_t max_platforms = 256;
inline constexpr std::size_t max_members = 65536;

// The rules a manifest keeps beyond its types: a subject with a SHA-256, unique platform ids,
// members sorted by path and named by the platforms and by `ima` only if listed, notBefore not
// after notAfter, no value bits outside a mask.
Status validate(const Manifest& manifest);

// The payload: canonical JSON of the statement. The manifest must be valid.
std::string render_payload(const Manifest& manifest);

// The inverse, for bytes whose signature was checked (or is about to be made). Unsupported error
// for another predicate type or a newer major schema, malformed where the text is not canonical.
Result<Manifest> parse_payload(ByteView payload);

}  // namespace etalon::bundle
