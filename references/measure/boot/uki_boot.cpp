// SPDX-License-Identifier: Apache-2.0
#include "references/measure/boot/uki_boot.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mkosi/uki/authenticode.hpp"
#include "mkosi/uki/bzimage.hpp"
#include "mkosi/uki/pe.hpp"
#include "mkosi/uki/uki.hpp"
#include "references/eventlog/event.hpp"
#include "references/measure/boot/addons.hpp"
#include "references/measure/boot/boot_events.hpp"
#include "references/measure/boot/cmdline.hpp"
#include "references/measure/boot/esp_files.hpp"
#include "references/measure/boot/gpt.hpp"
#include "references/measure/boot/log_builder.hpp"
#include "references/measure/boot/sd_boot.hpp"
#include "references/measure/boot/stub_cpio.hpp"
#include "references/measure/boot/stub_initrd.hpp"
#include "references/measure/boot/uki_registers.hpp"
#include "references/measure/profiles/kernel.hpp"
#include "references/measure/profiles/stub.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utf16.hpp"
#include "tools/base/writer.hpp"

namespace etalon::measure {
namespace {

using namespace std::string_view_literals;

using eventlog::Basis;
using eventlog::Event;
using eventlog::EventType;

constexpr auto pcr4 = RegisterId::pcr<4>();
constexpr auto pcr5 = RegisterId::pcr<5>();
constexpr auto pcr9 = RegisterId::pcr<9>();
constexpr auto pcr11 = RegisterId::pcr<11>();
constexpr auto pcr12 = RegisterId::pcr<12>();
constexpr auto pcr13 = RegisterId::pcr<13>();

// Tags of Linux' EV_EVENT_TAG events (drivers/firmware/efi/libstub/efistub.h).
constexpr std::uint32_t load_options_tag = 0x8f3b22ed;
constexpr std::uint32_t initrd_tag = 0x8f3b22ec;

// What the parsers found and the tables say, before anything is hashed.
struct Boot {
  uki::Uki image;
  Bytes kernel;  // .linux
  std::string kernel_release;
  StubProfile stub;
  KernelProfile linux;
  bool secure_boot = false;
  std::optional<SdBootProgram> sd_boot{};
  std::vector<Sidecar> sidecars;
  std::vector<Addon> addons;
  std::string load_options;  // text handed to the stub
  bool passed_on = false;    // that is .cmdline, handed on by systemd-boot
  bool load_options_used = false;
  std::optional<std::string> cmdline;  // as the stub passes it; nothing: none
};

// The stub's CC events were seen in a log of a newer stub (12 EV_IPL events of a GKE node).
Basis stub_basis(const LogBuilder& log, const StubProfile& stub) {
  return log.tee() == Tee::tdx ? eventlog::weakest(stub.basis, Basis::log) : stub.basis;
}

void add_action(LogBuilder& log, RegisterId reg, std::string_view text) {
  log.add_hash_of(as_bytes(text), {.reg = reg,
                                   .type = EventType::efi_action,
                                   .data = to_bytes(text),
                                   .origin = from_platform("EFI action string"),
                                   .basis = firmware_basis(log),
                                   .summary = "action: " + std::string(text)});
}

void add_separator(LogBuilder& log, RegisterId reg) {
  const Bytes zeros(4);
  log.add_hash_of(zeros, {.reg = reg,
                          .type = EventType::separator,
                          .data = zeros,
                          .origin = from_platform("EV_SEPARATOR before the boot option"),
                          .basis = firmware_basis(log),
                          .summary = "separator"});
}

Status add_gpt(LogBuilder& log, const std::optional<NamedBytes>& disk) {
  Event event{.reg = pcr5,
              .type = EventType::efi_gpt_event,
              .origin = from_platform("EDK2: partition table of the boot disk"),
              .basis = firmware_basis(log),
              .summary = std::string(gpt_event_summary)};
  if (!disk) {
    log.add(std::move(event));
    return {};
  }
  TRY_ASSIGN(const Gpt gpt, in_file(decode_gpt(disk->bytes), disk->name));
  event.data = gpt_event_data(gpt);
  const Bytes data = event.data;
  event.origin = from_input("GPT of " + disk->name, hash_all(log.algs(), data),
                            "EDK2: partition table of the boot disk");
  log.add_hash_of(data, std::move(event));
  return {};
}

Status add_images(LogBuilder& log, const UkiBootInputs& inputs, const Boot& boot) {
  for (const NamedBytes& each : inputs.images_before) {
    TRY_ASSIGN(const uki::Pe pe, in_file(uki::decode_pe(each.bytes), each.name));
    TRY(add_image(log, pe,
                  {.reg = pcr4,
                   .origin = from_file(each, "EDK2: Authenticode of a started image"),
                   .basis = Basis::source,
                   .summary = "image " + each.name}));
  }
  if (inputs.sd_boot && boot.sd_boot)
    TRY(in_file(add_sd_boot(log, *inputs.sd_boot, *boot.sd_boot), inputs.sd_boot->program.name));
  TRY(add_image(log, boot.image.pe,
                {.reg = pcr4,
                 .origin = from_file(inputs.uki, "EDK2: Authenticode of a started image"),
                 .basis = firmware_basis(log),
                 .summary = "image " + inputs.uki.name}));
  const uki::Content* cmdline = boot.image.find(".cmdline");
  if (!boot.sd_boot || cmdline == nullptr) return {};
  return add_passed_cmdline(log, *boot.sd_boot, inputs.uki, *cmdline);
}

void add_sections(LogBuilder& log, const UkiBootInputs& inputs, const Boot& boot) {
  const std::string rule = std::string(boot.stub.rule) + ": measured sections";
  for (const std::string_view name : boot.stub.measured) {
    const uki::Content* content = boot.image.find(name);
    if (content == nullptr || content->size() == 0) continue;
    Event event{.reg = pcr11,
                .type = EventType::ipl,
                .data = utf16_text(name),
                .origin = from_platform(rule),
                .basis = stub_basis(log, boot.stub),
                .summary = "name of section " + std::string(name)};
    Bytes with_nul = to_bytes(name);
    with_nul.push_back(std::byte{0});
    log.add_hash_of(with_nul, event);
    event.digests = uki::hash_content(log.algs(), *content);
    event.origin = from_input(std::string(name) + " of " + inputs.uki.name, event.digests, rule);
    event.summary = "section " + std::string(name);
    if (content->size() <= max_preimage) event.preimage = content->copy();
    log.add(std::move(event));
  }
}

Status add_load_options(LogBuilder& log, const UkiBootInputs& inputs, const Boot& boot) {
  if (!boot.load_options_used || !boot.cmdline) return {};
  Event event{.reg = pcr12,
              .type = EventType::ipl,
              .origin = from_platform("text of the boot entry"),
              .basis = Basis::source,
              .summary = std::string(load_options_event_summary)};
  if (boot.passed_on && boot.sd_boot) {
    const uki::Content& cmdline = *boot.image.find(".cmdline");
    event.basis = eventlog::weakest(stub_basis(log, boot.stub), boot.sd_boot->profile.basis);
    event.origin =
        from_input(".cmdline of " + inputs.uki.name, uki::hash_content(log.algs(), cmdline),
                   std::string(boot.stub.rule) + ": load options measured");
    if (!passes_unchanged(boot.load_options)) {
      event.origin = from_platform(event.origin.rule);
      log.add(std::move(event));
      return {};
    }
  }
  TRY_ASSIGN(event.data, utf16le_from_utf8(*boot.cmdline, Terminator::nul));
  const Bytes text = event.data;
  log.add_hash_of(text, std::move(event));
  return {};
}

void add_sidecars(LogBuilder& log, const Boot& boot) {
  for (const Sidecar& each : boot.sidecars) {
    const SidecarShape& shape = shape_of(each.kind);
    std::string names;
    for (const EspFile* file : each.files)
      names += (names.empty() ? "" : ", ") + printable(file->path);
    MultiHasher hasher(log.algs());
    archive_of(each).feed(hasher);
    const DigestSet digests = hasher.finish();
    log.add(
        {.reg = shape.pcr == 13 ? pcr13 : pcr12,
         .type = EventType::ipl,
         .digests = digests,
         .data = utf16_text(shape.event),
         .origin = from_input("archive of " + names, digests,
                              std::string(boot.stub.rule) + ": archive of what lies beside"),
         .basis = stub_basis(log, boot.stub),
         .summary = "archive of " + std::string(shape.folder.substr(shape.folder.find('/') + 1))});
  }
}

// PCR 11, 12 and 13. Stubs without the CC protocol leave a TD's RTMR 2 alone, which no boot of ours
// has shown.
Status add_stub_events(LogBuilder& log, const UkiBootInputs& inputs, const Boot& boot) {
  const std::string stub(boot.stub.rule);
  if (log.tee() == Tee::tdx && !boot.stub.cc) {
    log.rests_on(pcr11, stub + ": no CC measurement", Basis::source);
    // the firmware measures the images all the same
    return add_addons(log, boot.addons, boot.stub, boot.secure_boot);
  }
  add_sections(log, inputs, boot);
  for (const RegisterId reg : {pcr12, pcr13})
    log.rests_on(reg, stub + ": only what lies beside the UKI", stub_basis(log, boot.stub));
  TRY(add_load_options(log, inputs, boot));
  TRY(add_addons(log, boot.addons, boot.stub, boot.secure_boot));
  add_sidecars(log, boot);
  return {};
}

Status add_inner_kernel(LogBuilder& log, const UkiBootInputs& inputs, const Boot& boot) {
  const Measured rule = inner_kernel_measured(boot.stub, boot.secure_boot, inputs.shim);
  if (!rule.measured) {
    log.rests_on(pcr4, std::string(boot.stub.rule) + ": the firmware measures no .linux",
                 rule.basis);
    return {};
  }
  TRY_ASSIGN(const uki::Pe pe, in(uki::decode_pe(boot.kernel), ".linux of " + inputs.uki.name));
  return add_image(
      log, pe,
      {.reg = pcr4,
       .origin = from_input(".linux of " + inputs.uki.name, hash_all(log.algs(), boot.kernel),
                            std::string(boot.stub.rule) + ": starts .linux"),
       .basis = eventlog::weakest(firmware_basis(log), rule.basis),
       .summary = "image .linux of " + inputs.uki.name});
}

// The command line of a stub that may append console= depends on the machine's serial ports.
bool cmdline_known(const Boot& boot) {
  return !boot.stub.console || (boot.cmdline && sets_console(*boot.cmdline));
}

// The text is what the stub made of it: cut, blanks for control characters, console= appended.
Status add_kernel_cmdline(LogBuilder& log, const UkiBootInputs& inputs, const Boot& boot,
                          Basis basis) {
  if (!boot.cmdline && !boot.stub.console) return {};
  const std::string rule =
      std::string(boot.linux.rule) + ": LoadOptions; " + std::string(boot.stub.rule) + ": its text";
  Event event{.reg = pcr9,
              .type = EventType::event_tag,
              .data = tagged_data(load_options_tag, as_bytes("LOADED_IMAGE::LoadOptions\0"sv)),
              .origin = from_platform(rule),
              .basis = eventlog::weakest(basis, boot.stub.basis),
              .summary = std::string(cmdline_event_summary)};
  if (!boot.cmdline || !cmdline_known(boot)) {
    log.add(std::move(event));
    return {};
  }
  const std::string added = addons_text(boot.addons);
  TRY_ASSIGN(const Bytes text, utf16le_from_utf8(*boot.cmdline + (added.empty() ? "" : " " + added),
                                                 Terminator::nul));
  if (!boot.load_options_used || boot.passed_on) {
    // of text from several files there is no one digest
    const DigestSet digests =
        added.empty() ? uki::hash_content(log.algs(), *boot.image.find(".cmdline")) : DigestSet();
    event.origin = from_input(
        ".cmdline of " + inputs.uki.name + (added.empty() ? "" : " and addons"), digests, rule);
  }
  log.add_hash_of(text, std::move(event));
  return {};
}

void add_kernel_initrd(LogBuilder& log, const UkiBootInputs& inputs, const Boot& boot,
                       Basis basis) {
  const auto initrd = hash_stub_initrd(boot.stub, boot.image, boot.sidecars, log.algs());
  const bool secret = boot.stub.boot_secret && inputs.random_seed != false;
  if (!initrd && !secret) return;
  const std::string rule =
      std::string(boot.linux.rule) + ": initrd; " + std::string(boot.stub.rule) + ": its members";
  Event event{.reg = pcr9,
              .type = EventType::event_tag,
              .data = tagged_data(initrd_tag, as_bytes("Linux initrd\0"sv)),
              .origin = from_platform(rule),
              .basis = eventlog::weakest(basis, boot.stub.basis),
              .summary = std::string(initrd_event_summary)};
  if (!secret) {
    std::string members;
    for (const std::string& each : initrd->members)
      members += (members.empty() ? "" : " + ") + each;
    event.digests = initrd->digests;
    event.origin = from_input(
        members + " of " + inputs.uki.name + (boot.sidecars.empty() ? "" : " and beside it"),
        initrd->digests, rule);
  }
  log.add(std::move(event));
}

// Linux measures through TCG2 where the firmware has it, and through CC only otherwise.
Status add_kernel_events(LogBuilder& log, const UkiBootInputs& inputs, const Boot& boot) {
  const bool tdx = log.tee() == Tee::tdx;
  if (tdx && (!boot.linux.cc || inputs.tcg2 == true)) {
    const std::string_view why =
        boot.linux.cc ? ": measures into the TPM where there is one" : ": no CC measurement";
    log.rests_on(pcr9, std::string(boot.linux.rule) + std::string(why), boot.linux.cc_basis);
    return {};
  }
  const Basis basis = tdx ? boot.linux.cc_basis : boot.linux.basis;
  TRY(add_kernel_cmdline(log, inputs, boot, basis));
  add_kernel_initrd(log, inputs, boot, basis);
  return {};
}

// Which command line the kernel gets: text of the boot entry, if the stub accepts it, or .cmdline.
Status settle_cmdline(const UkiBootInputs& inputs, Boot& boot) {
  const uki::Content* embedded = boot.image.find(".cmdline");
  const bool confidential = inputs.tee == Tee::tdx || inputs.confidential_vm;
  const bool dropped =
      boot.secure_boot &&
      (embedded != nullptr ||
       (boot.stub.load_options == LoadOptionsRule::dropped_if_cmdline_or_confidential &&
        confidential));
  boot.passed_on = embedded != nullptr && boot.sd_boot && boot.sd_boot->profile.passes_cmdline;
  boot.load_options = boot.passed_on ? uki::text(*embedded) : inputs.load_options;
  // A first character that is no text marks options which firmware itself added.
  const bool usable =
      !boot.load_options.empty() && static_cast<unsigned char>(boot.load_options[0]) > 0x1f;
  boot.load_options_used = usable && !dropped;
  if (!boot.load_options_used && embedded == nullptr) return {};
  const std::string text = boot.load_options_used ? boot.load_options : uki::text(*embedded);
  TRY_ASSIGN(boot.cmdline, in(mangle_cmdline(text, boot.stub.leading_blanks),
                              boot.load_options_used ? "load options" : ".cmdline"));
  return {};
}

Result<Boot> prepare(const UkiBootInputs& inputs) {
  Boot boot;
  TRY_ASSIGN(boot.image, uki::decode_uki(inputs.uki.bytes));
  const uki::Content* kernel = boot.image.find(".linux");
  if (kernel == nullptr) return fail(ErrorCode::not_found, "UKI without .linux");
  boot.kernel = kernel->copy();
  TRY_ASSIGN(const uki::BzImage bzimage, in(uki::decode_bzimage(boot.kernel), ".linux"));
  boot.kernel_release = bzimage.release();
  const unsigned found = boot.image.stub ? boot.image.stub->number : 0;
  TRY_ASSIGN(boot.stub, select_stub(found, inputs.assume_stub));
  TRY_ASSIGN(boot.linux, select_kernel(boot.kernel_release, inputs.assume_kernel));
  boot.secure_boot = inputs.secure_boot.value_or(false);
  if (inputs.sd_boot) {
    TRY_ASSIGN(boot.sd_boot, in_file(read_sd_boot(*inputs.sd_boot), inputs.sd_boot->program.name));
  }
  if (inputs.esp) {
    TRY_ASSIGN(boot.sidecars, select_sidecars(*inputs.esp, inputs.uki_path, boot.stub));
    TRY_ASSIGN(boot.addons, read_addons(select_addons(*inputs.esp, inputs.uki_path, boot.stub)));
  }
  TRY(settle_cmdline(inputs, boot));
  if (!boot.cmdline && !addons_text(boot.addons).empty()) {
    return fail(ErrorCode::unsupported,
                "what addons make of a command line that is not there is not known");
  }
  return boot;
}

// In the order of the boot.
Status add_events(LogBuilder& log, const UkiBootInputs& inputs, const Boot& boot) {
  add_action(log, pcr4, "Calling EFI Application from Boot Option");
  add_separator(log, pcr4);
  // One separator for PCR 4 and one for PCR 5; the RTMR of both gets one.
  if (log.tee() != Tee::tdx) add_separator(log, pcr5);
  TRY(add_gpt(log, inputs.gpt));
  TRY(in_file(add_images(log, inputs, boot), inputs.uki.name));
  TRY(add_stub_events(log, inputs, boot));
  TRY(in_file(add_inner_kernel(log, inputs, boot), inputs.uki.name));
  TRY(add_kernel_events(log, inputs, boot));
  add_action(log, pcr5, "Exit Boot Services Invocation");
  add_action(log, pcr5, "Exit Boot Services Returned with Success");
  return {};
}

}  // namespace

Result<Prediction> predict_uki_boot(const UkiBootInputs& inputs) {
  TRY_ASSIGN(const Boot boot, in_file(prepare(inputs), inputs.uki.name));
  LogBuilder log(inputs.tee, inputs.tee == Tee::tdx ? std::vector{HashAlg::sha384} : inputs.banks);
  TRY(add_events(log, inputs, boot));
  Prediction prediction{.events = log.take(), .rules = log.take_rules()};
  prediction.stub_version = boot.image.stub ? boot.image.stub->text : "";
  prediction.kernel_release = boot.kernel_release;
  const BootFacts facts{.stub = boot.stub,
                        .linux = boot.linux,
                        .image = boot.image,
                        .sd_boot = boot.sd_boot ? &*boot.sd_boot : nullptr};
  TRY(state_registers(inputs, facts, prediction));
  state_assumptions(inputs, facts, prediction);
  return prediction;
}

}  // namespace etalon::measure
