// SPDX-License-Identifier: Apache-2.0
// fw_cfg's directory (selector 0x19) = count:u32 entry[count]; entry = size:u32 selector:u16
// reserved:u16 name[56], big-endian. A DMA request in guest memory = control:u32 length:u32
// address:u64, big-endian; its address is written to ports 0x514 (high) and 0x518 (low), and QEMU
// zeroes control when it is done.
#include "tools/pipeline/acpi_dump.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "references/measure/profiles/vmm.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/folder.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"
#include "tools/base/writer.hpp"
#include "tools/pipeline/qtest.hpp"

namespace etalon::pipeline {
namespace {

constexpr std::size_t max_files = 256;
constexpr std::size_t max_file_size = 1U << 20U;
constexpr std::size_t max_version = 200;

// Guest memory that nothing uses, as no code runs.
constexpr std::uint32_t request_at = 0x1000;
constexpr std::uint64_t data_at = 0x100000;
constexpr std::uint64_t min_memory = 64ULL << 20U;

constexpr std::uint16_t dma_high = 0x514;
constexpr std::uint16_t dma_low = 0x518;
constexpr std::uint16_t directory_selector = 0x19;
constexpr std::uint32_t dma_read = 0x02;
constexpr std::uint32_t dma_select = 0x08;

// What firmware measures, and what the measured values follow from.
constexpr std::array<std::string_view, 10> wanted = {"bootorder",
                                                     "etc/acpi/rsdp",
                                                     "etc/acpi/tables",
                                                     "etc/boot-menu-wait",
                                                     "etc/e820",
                                                     "etc/extra-pci-roots",
                                                     "etc/reserved-memory-end",
                                                     "etc/smbios/smbios-anchor",
                                                     "etc/smbios/smbios-tables",
                                                     "etc/table-loader"};
constexpr std::array<std::string_view, 3> always = {"etc/acpi/rsdp", "etc/acpi/tables",
                                                    "etc/table-loader"};

constexpr std::uint32_t byte_swapped(std::uint32_t value) {
  return (value >> 24U) | ((value >> 8U) & 0xff00U) | ((value << 8U) & 0xff0000U) | (value << 24U);
}

class FwCfg {
 public:
  explicit FwCfg(Qtest& qtest) : qtest_(&qtest) {}

  Result<Bytes> read(std::uint16_t selector, std::uint32_t size) {
    ByteWriter request;
    request.u32_be((std::uint32_t{selector} << 16U) | dma_select | dma_read)
        .u32_be(size)
        .u64_be(data_at);
    TRY(qtest_->write(request_at, request.view()));
    TRY(qtest_->out32(dma_high, 0));
    TRY(qtest_->out32(dma_low, byte_swapped(request_at)));
    TRY_ASSIGN(const Bytes control, qtest_->read(request_at, 4));
    if (control != Bytes(4))
      return fail(ErrorCode::io, "fw_cfg: DMA of item " + hex_number(selector) +
                                     " ends with control " + to_hex(control));
    return qtest_->read(data_at, size);
  }

 private:
  Qtest* qtest_;
};

struct Item {
  std::uint32_t size = 0;
  std::uint16_t selector = 0;
};

Result<std::map<std::string, Item>> read_directory(FwCfg& fw_cfg) {
  TRY_ASSIGN(const Bytes head, fw_cfg.read(directory_selector, 4));
  const std::uint32_t count = ByteReader(head).u32_be("count");
  if (count > max_files)
    return fail(ErrorCode::limit, "fw_cfg: " + std::to_string(count) + " files, more than 256");
  TRY_ASSIGN(const Bytes all, fw_cfg.read(directory_selector, 4 + 64 * count));
  ByteReader reader(all);
  reader.skip(4, "count");
  std::map<std::string, Item> items;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Item item{.size = reader.u32_be("size"), .selector = reader.u16_be("selector")};
    reader.skip(2, "reserved");
    std::string_view name = as_text(reader.bytes(56, "name"));
    name = name.substr(0, name.find('\0'));
    TRY(in(reader.status(), "fw_cfg"));
    if (std::ranges::find(wanted, name) == wanted.end()) continue;
    if (item.size > max_file_size)
      return fail(ErrorCode::limit, "fw_cfg: " + std::string(name) + " of " +
                                        std::to_string(item.size) + " bytes, more than 1 MiB");
    if (!items.emplace(std::string(name), item).second)
      return fail(ErrorCode::malformed, "fw_cfg: a second " + std::string(name));
  }
  return items;
}

struct PciRegister {
  std::uint8_t device = 0;
  std::uint8_t offset = 0;
  std::uint8_t width = 0;
  std::uint32_t value = 0;
};

// OVMF's PlatformPei for q35 (PCIEXBAR at 0xe0000000, enabled; PMBASE 0x600; ACPI_CNTL.ACPI_EN).
constexpr std::array<PciRegister, 4> registers = {
    {{.device = 0, .offset = 0x64, .width = 4, .value = 0},
     {.device = 0, .offset = 0x60, .width = 4, .value = 0xe0000001},
     {.device = 0x1f, .offset = 0x40, .width = 2, .value = 0x0600},
     {.device = 0x1f, .offset = 0x44, .width = 1, .value = 0x80}}};

Status write_registers(Qtest& qtest) {
  for (const PciRegister& each : registers) {
    TRY(qtest.out32(0xcf8,
                    0x80000000U | (std::uint32_t{each.device} << 11U) | (each.offset & 0xfcU)));
    if (each.width == 4)
      TRY(qtest.out32(0xcfc, each.value));
    else if (each.width == 2)
      TRY(qtest.out16(0xcfc, static_cast<std::uint16_t>(each.value)));
    else
      TRY(qtest.out8(0xcfc, static_cast<std::uint8_t>(each.value)));
  }
  return {};
}

Result<std::map<std::string, Bytes>> read_files(Qtest& qtest) {
  TRY(write_registers(qtest));
  FwCfg fw_cfg(qtest);
  TRY_ASSIGN(const auto items, read_directory(fw_cfg));
  std::map<std::string, Bytes> files;
  for (const auto& [name, item] : items) {
    TRY_ASSIGN(Bytes content, fw_cfg.read(item.selector, item.size));
    files.emplace(name, std::move(content));
  }
  for (const std::string_view name : always)
    if (!files.contains(std::string(name)))
      return fail(ErrorCode::not_found, "fw_cfg: no " + std::string(name));
  return files;
}

// Memory is reserved only where it is touched, so any size can be asked for on a small host.
std::vector<std::string> arguments_of(const AcpiDumpRequest& request, std::string machine) {
  for (const std::string& each : request.machine)
    machine += "," + each;
  const std::string size = std::to_string(request.memory);
  std::vector<std::string> arguments = {
      "-nodefaults",
      "-no-user-config",
      "-display",
      "none",
      "-S",
      "-accel",
      "tcg",
      "-object",
      "memory-backend-ram,id=ram,reserve=off,size=" + size,
      "-m",
      size + "b",
      "-machine",
      machine + ",memory-backend=ram",
      "-smp",
      std::to_string(request.vcpus),
      "-chardev",
      "socket,id=qtest-channel,fd=" + std::to_string(Qtest::channel),
      "-object",
      "qtest,id=qtest-server,chardev=qtest-channel,log=/dev/null"};
  for (const std::string& device : request.devices) {
    arguments.emplace_back("-device");
    arguments.push_back(device);
  }
  return arguments;
}

Result<std::string> version_of(const std::string& qemu, ChildProcess::Clock::time_point deadline) {
  TRY_ASSIGN(ChildProcess child, ChildProcess::start(qemu, {"--version"}, 1, deadline));
  return child.line(max_version);
}

Result<AcpiDump> dump(const AcpiDumpRequest& request) {
  const auto deadline = ChildProcess::Clock::now() + request.timeout;
  AcpiDump result;
  TRY_ASSIGN(result.version, version_of(request.qemu, deadline));
  TRY_ASSIGN(const measure::QemuVersion version,
             measure::parse_qemu_version(request.assume.empty() ? result.version : request.assume));
  TRY_ASSIGN(result.profile, measure::select_vmm(version));
  result.arguments = arguments_of(request, std::string(result.profile->machine));
  TRY_ASSIGN(ChildProcess child,
             ChildProcess::start(request.qemu, result.arguments, Qtest::channel, deadline));
  Qtest qtest(std::move(child));
  TRY_ASSIGN(result.files, read_files(qtest));
  return result;
}

Status may_replace(const std::string& path) {
  if (!is_there(path)) return {};
  TRY_ASSIGN(const Folder folder, Folder::open(path));
  TRY_ASSIGN(const std::vector<FolderEntry> entries, folder.entries());
  for (const FolderEntry& entry : entries)
    if (std::ranges::none_of(
            wanted, [&](std::string_view name) { return acpi_file_name(name) == entry.name; }))
      return in_file(Status(fail(ErrorCode::io, "holds " + printable(entry.name) +
                                                    ", which is no file of an ACPI folder")),
                     path);
  return {};
}

}  // namespace

Result<AcpiDump> dump_acpi(const AcpiDumpRequest& request) {
  if (request.memory < min_memory) return fail(ErrorCode::usage, "less than 64 MiB of memory");
  for (const std::string& option : request.machine)
    if (option.find(',') != std::string::npos || option.find('=') == std::string::npos)
      return fail(ErrorCode::usage,
                  "machine option '" + printable(option) + "': one NAME=VALUE at a time");
  return in_file(dump(request), request.qemu);
}

std::string acpi_file_name(std::string_view fw_cfg_name) {
  std::string name(fw_cfg_name);
  std::ranges::replace(name, '/', '_');
  return name;
}

Status write_acpi_folder(const std::string& folder, const std::map<std::string, Bytes>& files) {
  TRY(may_replace(folder));
  return write_directory_atomic(folder, [&](const std::string& fresh) -> Status {
    for (const auto& [name, content] : files)
      TRY(write_file_atomic(fresh + "/" + acpi_file_name(name), content));
    return {};
  });
}

}  // namespace etalon::pipeline
