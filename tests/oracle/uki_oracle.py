#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Second implementation of the UKI predictions: from a UKI file to PCR 4, 9, 11 and their events.

Written from the specifications alone (PE/COFF, Microsoft's Authenticode hash as EDK2's
DxeImageVerificationLib computes it, the UAPI group's Unified Kernel Image, systemd-stub(7) and the
measurements of real boots), so that the C++ and this file do not share a mistake. Standard library
only.

The output has the shape of `etalon predict registers --json` (platforms, registers, events) plus the
file's own facts: sections, stub version, Authenticode digests. PCR values are those when the kernel
has left the boot services; words that userspace adds to PCR 11 later are not in them.

usage: uki_oracle.py UKI [--secure-boot] [--sd-boot FILE] [--esp DIR [--uki-path PATH]] [--no-efi-seed] [--platform ID]
Exit: 0 done, 2 wrong arguments, 3 malformed or unknown input.
"""
import argparse
import hashlib
import json
import os
import struct
import sys

BANKS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha384": hashlib.sha384,
         "sha512": hashlib.sha512}

EV_SEPARATOR = 0x4
EV_EVENT_TAG = 0x6
EV_IPL = 0xD
EV_EFI_BOOT_SERVICES_APPLICATION = 0x80000003
EV_EFI_ACTION = 0x80000007
TYPE_NAMES = {EV_SEPARATOR: "EV_SEPARATOR", EV_EVENT_TAG: "EV_EVENT_TAG", EV_IPL: "EV_IPL",
              EV_EFI_BOOT_SERVICES_APPLICATION: "EV_EFI_BOOT_SERVICES_APPLICATION",
              EV_EFI_ACTION: "EV_EFI_ACTION"}

# What the stub measures, in the order it measures it (systemd src/fundamental/uki.c; .pcrsig stands
# between .sbat and .pcrpkey there and is never measured). A set starts at the given version.
MEASURED_252 = [".linux", ".osrel", ".cmdline", ".initrd", ".splash", ".dtb", ".pcrpkey"]
MEASURED_254 = [".linux", ".osrel", ".cmdline", ".initrd", ".splash", ".dtb", ".uname", ".sbat",
                ".pcrpkey"]
MEASURED_256 = [".linux", ".osrel", ".cmdline", ".initrd", ".ucode", ".splash", ".dtb", ".uname",
                ".sbat", ".pcrpkey"]
# Of several .dtbauto the one for the machine is measured; they are for machines with device trees, so
# never on x86.
MEASURED_257 = MEASURED_256 + [".profile", ".hwids"]
MEASURED = [(252, MEASURED_252), (254, MEASURED_254), (256, MEASURED_256), (257, MEASURED_257)]

# Members of the initrd the kernel receives: sections as they are, and archives the stub makes of them.
INITRD = [(252, [".initrd", ".pcrsig", ".pcrpkey"]),
          (256, [".ucode", ".initrd", ".pcrsig", ".pcrpkey"]),
          (257, [".ucode", ".initrd", ".pcrsig", ".pcrpkey", ".osrel", ".profile"])]
ARCHIVED = {".pcrsig": b"tpm2-pcr-signature.json", ".pcrpkey": b"tpm2-pcr-public-key.pem",
            ".osrel": b"os-release", ".profile": b"profile"}

FIRST_WITHOUT_LOADIMAGE = 258    # the inner kernel is started without the firmware: no event for it
FIRST_WITH_EFIFW = 258           # may measure one of the .efifw sections: no source says so for certain
LAST_TO_PASS_CMDLINE = 254  # of systemd-boot
FIRST_WITH_BOOT_SECRET = 261     # a random file joins the initrd where the firmware has a random seed
KNOWN = range(252, 263)


class Malformed(Exception):
    """The input is not what it claims to be."""


def for_version(table, version):
    return [row for first, row in table if first <= version][-1]


def digests(data):
    return {bank: new(data).hexdigest() for bank, new in BANKS.items()}


class Pe:
    """The few fields of a PE/COFF file that these rules need."""

    def __init__(self, data, what):
        self.data = data
        if data[:2] != b"MZ" or len(data) < 0x40:
            raise Malformed(f"{what}: no MZ header")
        (self.pe,) = struct.unpack_from("<I", data, 0x3C)
        if data[self.pe:self.pe + 4] != b"PE\0\0":
            raise Malformed(f"{what}: no PE signature")
        (count,) = struct.unpack_from("<H", data, self.pe + 6)
        (optional_size,) = struct.unpack_from("<H", data, self.pe + 20)
        optional = self.pe + 24
        (magic,) = struct.unpack_from("<H", data, optional)
        if magic not in (0x10B, 0x20B):
            raise Malformed(f"{what}: optional header magic {magic:#x}")
        self.checksum = optional + 64
        (self.headers_size,) = struct.unpack_from("<I", data, optional + 60)
        directories = optional + (112 if magic == 0x20B else 96)
        (self.directories,) = struct.unpack_from("<I", data, directories - 4)
        self.certificates = directories + 4 * 8
        self.sections = []
        for i in range(count):
            at = optional + optional_size + 40 * i
            name, virtual, rva, raw, offset = struct.unpack_from("<8sIIII", data, at)
            if raw and offset + raw > len(data):
                raise Malformed(f"{what}: section {i} ends behind the file")
            self.sections.append({"name": name.rstrip(b"\0").decode("ascii"), "virtual_size": virtual,
                                  "address": rva, "size": raw, "offset": offset})

    def content(self, section):
        """What the stub sees: the first VirtualSize bytes, zeros where the file has none."""
        raw = self.data[section["offset"]:section["offset"] + section["size"]]
        return raw[:section["virtual_size"]].ljust(section["virtual_size"], b"\0")

    def authenticode(self):
        """EDK2 does not pad to a multiple of 8, unlike signing tools."""
        data = self.data
        pieces = [data[:self.checksum]]
        certificate_size = 0
        if self.directories > 4:
            (certificate_size,) = struct.unpack_from("<I", data, self.certificates + 4)
            pieces += [data[self.checksum + 4:self.certificates],
                       data[self.certificates + 8:self.headers_size]]
        else:
            pieces.append(data[self.checksum + 4:self.headers_size])
        done = self.headers_size
        for section in sorted(self.sections, key=lambda s: s["offset"]):
            if section["size"]:
                pieces.append(data[section["offset"]:section["offset"] + section["size"]])
                done += section["size"]
        if len(data) > done:
            if certificate_size > len(data) - done:
                raise Malformed("certificate table longer than the rest of the file")
            pieces.append(data[done:len(data) - certificate_size])
        return digests(b"".join(pieces))


def program_version(pe, program):
    for section in pe.sections:
        if section["name"] == ".sdmagic":
            text = pe.content(section).rstrip(b"\0").decode("ascii")
            words = text.split()
            if words[:3] == ["####", "LoaderInfo:", program]:
                return words[3], int("".join(c if c.isdigit() else " " for c in words[3]).split()[0])
    raise Malformed(f"no .sdmagic section that names a {program}")


def profile_zero(pe):
    """Name -> content of the sections in force: before the first .profile, then profile 0 over them."""
    found, profiles = {}, 0
    for section in pe.sections:
        name = section["name"]
        if name == ".profile":
            profiles += 1
            if profiles > 1:
                break
        elif name in found and not profiles and name in UKI_NAMES - REPEATED:
            raise Malformed(f"section {name} twice without a profile")
        found[name] = pe.content(section)
    return {name: content for name, content in found.items() if name in UKI_NAMES and content}


UKI_NAMES = set(MEASURED_257) | {".pcrsig", ".efifw"}
REPEATED = {".dtbauto", ".efifw"}


def kernel_command_line(text, version):
    """The string the stub hands to the kernel, from the bytes of .cmdline."""
    text = text.split(b"\0")[0].decode("utf-8")
    # The stub's UTF-8 decoder knows the basic plane only and drops the rest.
    text = "".join(" " if c <= " " else c for c in text if c < "\U00010000").rstrip(" ")
    if text.startswith(" ") and version != 252:
        if version < 257:
            raise Malformed(f"leading blanks in .cmdline: rule of stub {version} is not known")
        text = text.lstrip(" ")
    return text


def archive(folder, folder_mode, file_mode, files):
    """The archive the stub makes of files, name and content each (systemd src/boot/cpio.c)."""
    def record(path, ino, mode, body):
        fields = (ino, mode, 0, 0, 1, 0, len(body), 0, 0, 0, 0, len(path) + 1, 0)
        head = b"070701" + b"".join(b"%08x" % f for f in fields) + path + b"\0"
        return head + bytes(-len(head) % 4) + body + bytes(-len(body) % 4)

    steps = folder.split(b"/")
    records = [(b"/".join(steps[:i + 1]), 0o040000 | (folder_mode if i + 1 == len(steps) else 0o555), b"")
               for i in range(len(steps))]
    records += [(folder + b"/" + name, 0o100000 | file_mode, content) for name, content in files]
    trailer = b"070701" + b"00000000" * 4 + b"00000001" + b"00000000" * 6 + b"0000000B" + b"00000000"
    return b"".join(record(path, ino, mode, body) for ino, (path, mode, body) in enumerate(records, 1)) + \
        trailer + b"TRAILER!!!" + bytes(4)


def extra_archive(name, content):
    return archive(b".extra", 0o555, 0o444, [(name, content)])


def beside(esp, uki_path, version):
    """(PCR, archive) for what lies beside the UKI, in the order of the stub."""
    def files(folder, suffix, without="\0"):
        path = os.path.join(esp, folder)
        names = sorted(n for n in (os.listdir(path) if os.path.isdir(path) else []) if not n.startswith(".") and os.path.isfile(os.path.join(path, n))
                       and n.lower().endswith(suffix) and not n.lower().endswith(without))
        found = []
        for name in names:
            with open(os.path.join(path, name), "rb") as file:
                found.append((name.encode(), file.read()))
        return found

    own, everyone = uki_path + ".extra.d", "loader/extensions"
    confext = "\0" if version < 256 else ".confext.raw"
    kinds = [(12, b"credentials", 0o500, 0o400, files(own, ".cred")),
             (12, b"global_credentials", 0o500, 0o400, files("loader/credentials", ".cred")),
             (13, b"sysext", 0o555, 0o444, files(own, ".raw", confext))]
    if version >= 258:
        kinds.append((13, b"global_sysext", 0o555, 0o444, files(everyone, ".raw", confext)))
    if version >= 256:
        kinds.append((12, b"confext", 0o555, 0o444, files(own, ".confext.raw")))
    if version >= 258:
        kinds.append((12, b"global_confext", 0o555, 0o444, files(everyone, ".confext.raw")))
    return [(pcr, archive(b".extra/" + name, *modes, found)) for pcr, name, *modes, found in kinds if found]


def addons(esp, uki_path, version):
    """Groups of (PE, command line) in the order of the stub; a group has one event for its command lines."""
    groups = []
    for folder in ("loader/addons", uki_path + ".extra.d"):
        path = os.path.join(esp, folder)
        group = []
        for name in sorted(os.listdir(path)) if os.path.isdir(path) else []:
            if name.lower().endswith(".addon.efi"):
                with open(os.path.join(path, name), "rb") as file:
                    pe = Pe(file.read(), name)
                group += [(pe, pe.content(each).decode()) for each in pe.sections if each["name"] == ".cmdline"]
        groups.append(group)
    if version < 254:
        return []
    return [group for group in groups if group] if version == 254 else [sum(groups, [])]


def kernel_initrd(sections, version, archives):
    members = []
    for name in for_version(INITRD, version):
        if name in sections:
            content = sections[name]
            members.append(extra_archive(ARCHIVED[name], content) if name in ARCHIVED else content)
        if name == ".initrd":
            members += archives
    if len(members) == 1:
        return members[0]
    return b"".join(m + bytes(-len(m) % 4) for m in members)


class Log:
    """Predicted events, and the registers they fold into."""

    def __init__(self):
        self.events = []

    def add(self, pcr, kind, values, summary):
        self.events.append({"register": f"pcr{pcr}", "type": TYPE_NAMES[kind], "type_num": kind,
                            "digests": values, "summary": summary, "origin": "uki_oracle"})

    def value(self, register):
        state = {bank: bytes(new().digest_size) for bank, new in BANKS.items()}
        for event in self.events:
            if event["register"] == register:
                for bank, new in BANKS.items():
                    state[bank] = new(state[bank] + bytes.fromhex(event["digests"][bank])).digest()
        return {bank: value.hex() for bank, value in state.items()}


def predict(pe, sections, version, options):
    log = Log()
    action = b"Calling EFI Application from Boot Option"
    log.add(4, EV_EFI_ACTION, digests(action), action.decode())
    log.add(4, EV_SEPARATOR, digests(bytes(4)), "separator")
    if options.sd_boot:
        with open(options.sd_boot, "rb") as file:
            loader = Pe(file.read(), options.sd_boot)
        log.add(4, EV_EFI_BOOT_SERVICES_APPLICATION, loader.authenticode(), "systemd-boot")
    log.add(4, EV_EFI_BOOT_SERVICES_APPLICATION, pe.authenticode(), "UKI")
    # Old systemd-boot hands .cmdline to the stub, which without Secure Boot takes it; both measure it.
    passed = b""
    if options.sd_boot and program_version(loader, "systemd-boot")[1] <= LAST_TO_PASS_CMDLINE:
        passed = (sections.get(".cmdline", b"").split(b"\0")[0].decode() + "\0").encode("utf-16-le")
    for who in ("systemd-boot", "stub")[:1 if options.secure_boot else 2]:
        if len(passed) > 2:
            log.add(12, EV_IPL, digests(passed), f"command line, measured by {who}")
    for name in for_version(MEASURED, version):
        if name in sections:
            log.add(11, EV_IPL, digests(name.encode() + b"\0"), f"name of section {name}")
            log.add(11, EV_IPL, digests(sections[name]), f"content of section {name}")
    added = addons(options.esp, options.uki_path, version) if options.esp else []
    for group in added:
        for addon, _ in group:
            log.add(4, EV_EFI_BOOT_SERVICES_APPLICATION, addon.authenticode(), "addon")
        text = " ".join(line for _, line in group) + "\0"
        if len(text) > 1:
            log.add(12, EV_IPL, digests(text.encode("utf-16-le")), "command line of addons")
    archives = beside(options.esp, options.uki_path, version) if options.esp else []
    for pcr, content in archives:
        log.add(pcr, EV_IPL, digests(content), "archive of what lies beside the UKI")
    # With Secure Boot the stub vouches for the inner kernel itself: the firmware neither checks nor measures it.
    if version < FIRST_WITHOUT_LOADIMAGE and not options.secure_boot:
        kernel = Pe(sections[".linux"], ".linux")
        log.add(4, EV_EFI_BOOT_SERVICES_APPLICATION, kernel.authenticode(), "kernel in .linux")
    command_line = kernel_command_line(sections.get(".cmdline", b""), version)
    command_line = " ".join([command_line] + [line for group in added for _, line in group])
    if command_line:
        log.add(9, EV_EVENT_TAG, digests((command_line + "\0").encode("utf-16-le")), "command line")
    if ".initrd" in sections:
        log.add(9, EV_EVENT_TAG, digests(kernel_initrd(sections, version, [content for _, content in archives])), "initrd")
    registers = {}
    for pcr in (4, 9, 11):
        registers[f"pcr{pcr}"] = {"status": "exact", "any": [
            {"when": {}, "values": log.value(f"pcr{pcr}"), "basis": "boot"}]}
    if version >= FIRST_WITH_BOOT_SECRET and not options.no_efi_seed:
        registers["pcr9"] = {"status": "unpredictable",
                             "reason": "the stub adds a random file to the initrd"}
        log.events = [e for e in log.events if e["register"] != "pcr9"]
    if version >= FIRST_WITH_EFIFW and ".efifw" in sections:
        registers["pcr11"] = {"status": "unpredictable", "reason": "not known whether .efifw is measured"}
    for pcr in (8, 12, 13, 14, 15):
        registers[f"pcr{pcr}"] = {"status": "zero"}
    for pcr in (12, 13):
        if any(e["register"] == f"pcr{pcr}" for e in log.events):
            registers[f"pcr{pcr}"] = {"status": "exact", "any": [
                {"when": {}, "values": log.value(f"pcr{pcr}"), "basis": "boot"}]}
    return {"id": options.platform, "ruleset": f"stub {version}", "registers": registers,
            "events": log.events}


def run(options):
    with open(options.uki, "rb") as file:
        data = file.read()
    pe = Pe(data, options.uki)
    text, version = program_version(pe, "systemd-stub")
    if version not in KNOWN:
        raise Malformed(f"systemd-stub {text}: no rules for it")
    sections = profile_zero(pe)
    if ".linux" not in sections:
        raise Malformed("no .linux section")
    words = kernel_command_line(sections.get(".cmdline", b""), version).split(" ")
    if version >= FIRST_WITH_BOOT_SECRET and not any(w.startswith("console=") for w in words):
        raise Malformed(f"stub {version} adds console= by the devices it finds, and .cmdline has none")
    return {
        "file": {"size": len(data), **digests(data)},
        "stub": {"version": text},
        "cmdline": kernel_command_line(sections.get(".cmdline", b""), version),
        "sections": [{**s, "digests": digests(pe.content(s))} for s in pe.sections],
        "authenticode": {"uki": pe.authenticode(),
                         "linux": Pe(sections[".linux"], ".linux").authenticode()},
        "platforms": [predict(pe, sections, version, options)],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("uki")
    parser.add_argument("--secure-boot", action="store_true")
    parser.add_argument("--sd-boot", help="the UKI is started by this systemd-boot")
    parser.add_argument("--esp", help="folder with what is on the EFI system partition")
    parser.add_argument("--uki-path", default="EFI/BOOT/BOOTX64.EFI", help="of the UKI on it")
    parser.add_argument("--no-efi-seed", action="store_true",
                        help="the firmware offers no random seed to the stub")
    parser.add_argument("--platform", default="oracle", help="id written into the output")
    options = parser.parse_args()
    try:
        result = run(options)
    except (Malformed, OSError, struct.error, UnicodeDecodeError) as error:
        print(f"uki_oracle.py: error: {options.uki}: {error}", file=sys.stderr)
        return 3
    json.dump(result, sys.stdout, indent=2, sort_keys=True)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
