// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <iomanip>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "references/eventlog/event.hpp"
#include "references/measure/firmware/acpi_tables.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/etalon/verbs.hpp"
#include "tools/pipeline/acpi_dump.hpp"

namespace etalon::build {
namespace {

struct Options {
  pipeline::AcpiDumpRequest request;
  std::string output;
  unsigned timeout = 60;
  unsigned address_bits = 0;  // 0: the window as it is without firmware
};

// In the order in which OVMF measures them.
constexpr std::array<std::string_view, 3> measured = {"etc/table-loader", "etc/acpi/rsdp",
                                                      "etc/acpi/tables"};

bool is_measured(std::string_view name) {
  return std::ranges::find(measured, name) != measured.end();
}

// Whether the loader and the root pointer are those the tables imply, in words.
std::string derivation(const pipeline::AcpiDump& dump) {
  const auto same = measure::acpi_from_files({.loader = dump.files.at("etc/table-loader"),
                                              .rsdp = dump.files.at("etc/acpi/rsdp"),
                                              .tables = dump.files.at("etc/acpi/tables")});
  return same ? "" : same.error().text();
}

Json dump_json(const pipeline::AcpiDump& dump) {
  Json::Array files;
  for (const auto& [name, content] : dump.files) {
    Json::Object file{{"name", name},
                      {"file", pipeline::acpi_file_name(name)},
                      {"size", content.size()},
                      {"sha256", sha256(content).hex()}};
    if (is_measured(name)) file.emplace("sha384", sha384(content).hex());
    files.emplace_back(std::move(file));
  }
  Json::Array arguments;
  for (const std::string& argument : dump.arguments)
    arguments.emplace_back(argument);
  const std::string reason = derivation(dump);
  return Json(Json::Object{{"version", printable(dump.version)},
                           {"ruleset", dump.profile->rule},
                           {"basis", name(dump.profile->basis)},
                           {"arguments", std::move(arguments)},
                           {"derivable", reason.empty()},
                           {"files", std::move(files)}});
}

void print(const pipeline::AcpiDump& dump, std::ostream& out) {
  out << printable(dump.version) << '\n';
  out << "machine options of " << dump.profile->rule << ": " << dump.profile->machine << '\n';
  for (const auto& [name, content] : dump.files)
    out << sha256(content).hex() << "  " << std::right << std::setw(6) << content.size() << "  "
        << pipeline::acpi_file_name(name) << '\n';
  for (const std::string_view name : measured)
    out << "sha384 " << std::left << std::setw(16) << name << "  "
        << sha384(dump.files.at(std::string(name))).hex() << '\n';
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  pipeline::AcpiDumpRequest request = options.request;
  request.timeout = std::chrono::seconds(options.timeout);
  TRY_ASSIGN(pipeline::AcpiDump dump, pipeline::dump_acpi(request));
  if (options.address_bits != 0) {
    Bytes& tables = dump.files.at("etc/acpi/tables");
    TRY_ASSIGN(tables, measure::acpi_with_aperture(tables, options.address_bits));
  }
  TRY(pipeline::write_acpi_folder(options.output, dump.files));
  if (const std::string reason = derivation(dump); !reason.empty())
    io.err << "etalon: note: these tables serve no other size of memory: " << reason << '\n';
  if (io.json)
    io.out << dump_json(dump).pretty();
  else
    print(dump, io.out);
  return cli::ExitCode::done;
}

}  // namespace

void add_acpi_dump(cli::Verb& group) {
  cli::Verb verb = group.verb("dump", "ask a local QEMU for them");
  const auto options = std::make_shared<Options>();
  pipeline::AcpiDumpRequest& request = options->request;
  verb.option("--qemu", request.qemu, "QEMU to start").required().value_name("BINARY");
  verb.size("--memory", request.memory, "memory of the machine, as 2G").required();
  verb.number("--vcpus", request.vcpus, 1, 4096, "its processors").required();
  verb.option("--machine-option", request.machine, "a further option of -machine, as hpet=off")
      .value_name("NAME=VALUE");
  verb.option("--device", request.devices, "a value of -device").value_name("DEVICE");
  verb.option("--assume-qemu", request.assume, "version whose rules hold, as 10.0");
  verb.number("--address-bits", options->address_bits, 42, 52,
              "tables as when OVMF has placed 64-bit registers in that address space");
  verb.number("--timeout", options->timeout, 1, 600, "seconds until QEMU is given up");
  verb.option("-o,--output", options->output, "folder to write").required().value_name("DIR");
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
