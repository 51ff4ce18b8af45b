// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_bundle.hpp"

#include <cstdlib>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>

#include "references/bundle/bundle.hpp"
#include "references/bundle/manifest.hpp"
#include "references/eventlog/event.hpp"
#include "references/eventlog/expectation.hpp"
#include "tests/support/source_files.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/utc.hpp"
#include "tools/crypto/keys.hpp"

namespace etalon::test {
namespace {

using eventlog::Alternative;
using eventlog::Basis;
using eventlog::Expectation;

Expectation exact(std::initializer_list<Alternative> any) {
  return {.status = Expectation::Status::exact, .any = any};
}

Alternative for_memory(const std::string& memory) {
  return {.when = {{"memory", memory}},
          .values = fake_digests("mrtd " + memory, {HashAlg::sha384}),
          .basis = Basis::hardware};
}

bundle::Platform tdx_platform() {
  bundle::Platform platform{.id = "qemu-tdx",
                            .tee = "tdx",
                            .boot = "disk-uki",
                            .ruleset = "ovmf 202502, systemd-stub 257, qemu 10.2",
                            .conditions = {{"memory", {"2G", "4G"}}},
                            .eventlog = "eventlogs/qemu-tdx.json",
                            .assumptions = {"the firmware boots the first disk"},
                            .unpinned = {"xfam"}};
  platform.registers.emplace(RegisterId::mrtd(), exact({for_memory("2G"), for_memory("4G")}));
  platform.registers.emplace(RegisterId::rtmr<0>(),
                             Expectation{.status = Expectation::Status::unpredictable,
                                         .reason = "ACPI tables are the host's",
                                         .advice = "pin them with acpi: {dir: …}"});
  platform.registers.emplace(RegisterId::rtmr<1>(),
                             exact({{.when = {},
                                     .values = fake_digests("rtmr1", {HashAlg::sha384}),
                                     .basis = Basis::boot}}));
  platform.registers.emplace(RegisterId::rtmr<3>(),
                             Expectation{.status = Expectation::Status::zero});
  platform.variants.push_back({.reg = RegisterId::rtmr<1>(),
                               .event = "kernel",
                               .label = "without Authenticode padding",
                               .digests = fake_digests("variant", {HashAlg::sha384})});
  platform.td = bundle::TdPins{};
  return platform;
}

bundle::Platform vtpm_platform() {
  bundle::Platform platform{
      .id = "ovmf-vtpm", .tee = "vtpm", .boot = "disk-uki", .eventlog = "eventlogs/ovmf-vtpm.json"};
  platform.registers.emplace(
      RegisterId::pcr<4>(),
      exact({{.when = {},
              .values = fake_digests("pcr4", {HashAlg::sha256, HashAlg::sha384}),
              .basis = Basis::boot}}));
  platform.registers.emplace(
      RegisterId::pcr<9>(),
      Expectation{.status = Expectation::Status::replay,
                  .free = {{.event = "NvPCR initialisation", .reason = "holds a TPM's own name"}}});
  return platform;
}

Utc time(const char* text) {
  const auto time = Utc::parse(text);
  if (!time) std::abort();
  return *time;
}

}  // namespace

DigestSet fake_digests(const std::string& text, std::initializer_list<HashAlg> algs) {
  return hash_all(std::span(algs.begin(), algs.size()), as_bytes(text));
}

bundle::Manifest fake_manifest() {
  return {.subjects = {{.name = "demo.efi",
                        .digest = fake_digests(fake_image, {HashAlg::sha256, HashAlg::sha384})},
                       {.name = "OVMF.fd", .digest = fake_digests("fw", {HashAlg::sha256})}},
          .release = {.name = "demo",
                      .version = "1.2.3",
                      .sequence = 7,
                      .not_before = time("2026-01-01T00:00:00Z"),
                      .not_after = time("2027-01-01T00:00:00Z"),
                      .supersedes = {sha256(as_bytes("release 6"))}},
          .image = {.format = "uki",
                    .os = "Debian GNU/Linux 13 (trixie)",
                    .kernel = "6.12.43+deb13-amd64",
                    .cmdline = "console=ttyS0 ima_policy=tcb",
                    .components = {{.name = ".linux",
                                    .size = 2,
                                    .digests = fake_digests("MZ", {HashAlg::sha256})}}},
          .platforms = {tdx_platform(), vtpm_platform()},
          .ima = bundle::Ima{.hash = "sha256",
                             .templates = {"ima-ng"},
                             .policy = "policy/ima-policy",
                             .files = "files.json",
                             .boot_aggregate =
                                 Expectation{.status = Expectation::Status::unpredictable,
                                             .reason = "holds PCR 0-7 of the host's firmware"}},
          .members = {},
          .tools = {{.name = "etalon", .version = "0.1.0"}}};
}

bundle::Files fake_members() {
  return {{"eventlogs/ovmf-vtpm.json", to_bytes("[]")},
          {"eventlogs/qemu-tdx.json", to_bytes("[]")},
          {"exports/rego/policy.rego", to_bytes("package policy\n")},
          {"files.json", to_bytes("[]")},
          {"kernel/ima.config", to_bytes("CONFIG_IMA=y\n")},
          {"policy/ima-policy", to_bytes("measure func=BPRM_CHECK\n")}};
}

bundle::Bundle fake_bundle() {
  auto made = bundle::make_bundle(fake_manifest(), fake_members());
  if (!made) std::abort();
  return *std::move(made);
}

bundle::Bundle tiny_bundle() {
  bundle::Platform platform{.id = "p", .tee = "vtpm"};
  platform.registers.emplace(
      RegisterId::pcr<11>(),
      exact({{.when = {}, .values = fake_digests("pcr11", {HashAlg::sha256})}}));
  bundle::Manifest manifest{
      .subjects = {{.name = "i", .digest = fake_digests(fake_image, {HashAlg::sha256})}},
      .release = {.name = std::string("r")},
      .platforms = {platform}};
  auto made = bundle::make_bundle(std::move(manifest), {{"files.json", to_bytes("[]")}});
  if (!made) std::abort();
  return *std::move(made);
}

crypto::PrivateKey test_key(const std::string& name) {
  auto key =
      crypto::PrivateKey::from_pem(source_file("tests/data/keys/TEST-ONLY-" + name + ".key"));
  if (!key) std::abort();
  return *std::move(key);
}

}  // namespace etalon::test
