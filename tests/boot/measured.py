# SPDX-License-Identifier: Apache-2.0
"""Decodes what a booted guest reports: TCG event log, IMA lists, PCR values.

Standard library only and independent of the C++: TCG PC Client Platform Firmware Profile 1.05
(crypto-agile log), Linux's IMA binary list (native little endian), `bank index hex` for PCRs.
"""
import hashlib
import struct

BANKS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha384": hashlib.sha384,
         "sha512": hashlib.sha512}
TPM_ALG = {0x4: "sha1", 0xB: "sha256", 0xC: "sha384", 0xD: "sha512"}

EV_NO_ACTION = 0x3
EV_SEPARATOR = 0x4
EV_S_CRTM_VERSION = 0x8
EV_EFI_VARIABLE_DRIVER_CONFIG = 0x80000001
EV_EFI_VARIABLE_BOOT = 0x80000002
EV_EFI_GPT_EVENT = 0x80000006
EV_EFI_ACTION = 0x80000007
EV_EFI_VARIABLE_AUTHORITY = 0x800000E0
EVENT_NAMES = {
    0x3: "EV_NO_ACTION", 0x4: "EV_SEPARATOR", 0x6: "EV_EVENT_TAG", 0x8: "EV_S_CRTM_VERSION",
    0xA: "EV_PLATFORM_CONFIG_FLAGS", 0xD: "EV_IPL",
    0x80000001: "EV_EFI_VARIABLE_DRIVER_CONFIG", 0x80000002: "EV_EFI_VARIABLE_BOOT",
    0x80000003: "EV_EFI_BOOT_SERVICES_APPLICATION", 0x80000004: "EV_EFI_BOOT_SERVICES_DRIVER",
    0x80000006: "EV_EFI_GPT_EVENT", 0x80000007: "EV_EFI_ACTION",
    0x80000008: "EV_EFI_PLATFORM_FIRMWARE_BLOB", 0x80000009: "EV_EFI_HANDOFF_TABLES",
    0x8000000A: "EV_EFI_PLATFORM_FIRMWARE_BLOB2", 0x8000000C: "EV_EFI_VARIABLE_BOOT2",
    0x800000E0: "EV_EFI_VARIABLE_AUTHORITY",
}
# Digest = hash of the event data as it stands in the log.
HASH_OF_DATA = {EV_SEPARATOR, EV_S_CRTM_VERSION, EV_EFI_VARIABLE_DRIVER_CONFIG, EV_EFI_GPT_EVENT,
                EV_EFI_ACTION, EV_EFI_VARIABLE_AUTHORITY}


class Malformed(Exception):
    """An input is not what it claims to be."""


class Reader:
    def __init__(self, data, what):
        self.data, self.at, self.what = data, 0, what

    def bytes(self, count):
        if count > len(self.data) - self.at:
            raise Malformed(f"{self.what}: {count} bytes wanted at offset {self.at}, "
                            f"{len(self.data) - self.at} left")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, form):
        return struct.unpack("<" + form, self.bytes(struct.calcsize(form)))[0]

    def left(self):
        return len(self.data) - self.at


def parse_tcg_log(data):
    """-> (banks, events); an event is {pcr, type, digests: {bank: bytes}, data}. No EV_NO_ACTION."""
    reader = Reader(data, "TCG log")
    reader.number("I")
    if reader.number("I") != EV_NO_ACTION:
        raise Malformed("TCG log: first record is not EV_NO_ACTION")
    reader.bytes(20)
    head = Reader(reader.bytes(reader.number("I")), "TCG log: specification id")
    if head.bytes(16) != b"Spec ID Event03\0":
        raise Malformed("TCG log: not a crypto-agile log")
    head.bytes(8)
    sizes = {}
    for _ in range(head.number("I")):
        algorithm = head.number("H")
        sizes[algorithm] = head.number("H")
    events = []
    while reader.left():
        pcr, kind = reader.number("I"), reader.number("I")
        found = {}
        for _ in range(reader.number("I")):
            algorithm = reader.number("H")
            if algorithm not in sizes:
                raise Malformed(f"TCG log: digest algorithm {algorithm:#x} at offset {reader.at - 2} "
                                "is not in the header")
            digest = reader.bytes(sizes[algorithm])
            if algorithm in TPM_ALG:
                found[TPM_ALG[algorithm]] = digest
        event = {"pcr": pcr, "type": kind, "digests": found, "data": reader.bytes(reader.number("I"))}
        if kind != EV_NO_ACTION:
            events.append(event)
    return [TPM_ALG[a] for a in sizes if a in TPM_ALG], events


def hashed_part(event):
    """The bytes of the log an event's digest covers, or None where the log does not hold them."""
    if event["type"] in HASH_OF_DATA:
        return event["data"]
    if event["type"] == EV_EFI_VARIABLE_BOOT:      # the variable's data alone
        reader = Reader(event["data"], "UEFI_VARIABLE_DATA")
        reader.bytes(16)
        name, size = reader.number("Q"), reader.number("Q")
        reader.bytes(2 * name)
        return reader.bytes(size)
    return None


def extend(bank, state, digest):
    return BANKS[bank](state + digest).digest()


def replay(events, bank):
    """PCR 0-16 and 23 start at zero, 17-22 at all ones."""
    size = BANKS[bank]().digest_size
    registers = {i: (b"\xff" if 17 <= i <= 22 else b"\0") * size for i in range(24)}
    for event in events:
        if event["pcr"] > 23 or bank not in event["digests"]:
            raise Malformed(f"TCG log: event of PCR {event['pcr']} without {bank} digest or register")
        registers[event["pcr"]] = extend(bank, registers[event["pcr"]], event["digests"][bank])
    return registers


def parse_pcrs(text):
    """`bank index hex` lines -> {bank: {index: bytes}}."""
    values = {}
    for line in text.splitlines():
        bank, index, value = line.split()
        if bank not in BANKS or len(value) != 2 * BANKS[bank]().digest_size:
            raise Malformed(f"pcrs: {line!r}")
        values.setdefault(bank, {})[int(index)] = bytes.fromhex(value)
    return values


def parse_ima_list(data, bank):
    """Entries {pcr, digest, template, data, fields} of a binary list with digests of `bank`."""
    reader = Reader(data, f"IMA list ({bank})")
    entries = []
    while reader.left():
        pcr = reader.number("I")
        digest = reader.bytes(BANKS[bank]().digest_size)
        template = reader.bytes(reader.number("I")).decode("ascii")
        if template == "ima":
            raise Malformed("IMA list: template ima is not handled here")
        body = reader.bytes(reader.number("I"))
        inner, fields = Reader(body, "IMA template data"), []
        while inner.left():
            fields.append(inner.bytes(inner.number("I")))
        if len(fields) < 2 or b"\0" not in fields[0]:
            raise Malformed(f"IMA list: entry {len(entries)}: no digest and name")
        entries.append({"pcr": pcr, "digest": digest, "template": template, "data": body,
                        "fields": fields})
    return entries


def file_digest(entry):
    """(algorithm, digest) of the d-ng or d-ngv2 field."""
    prefix, _, digest = entry["fields"][0].partition(b"\0")
    return prefix.decode("ascii").rstrip(":").split(":")[-1], digest


def file_name(entry):
    return entry["fields"][1].removesuffix(b"\0")


def is_violation(entry):
    return not any(entry["digest"])


def ascii_line(entry):
    """The line of the ascii list for an entry of ima-ng, ima-sig or ima-buf."""
    prefix, _, digest = entry["fields"][0].partition(b"\0")
    tail = b"".join(b" " + f.hex().encode() for f in entry["fields"][2:])
    return b"%2d %s %s %s%s %s%s" % (entry["pcr"], entry["digest"].hex().encode(),
                                     entry["template"].encode(), prefix, digest.hex().encode(),
                                     file_name(entry), tail)


def replay_ima(entries, pcr, bank, form):
    """States of a PCR after 0, 1, ... entries. form: own = digest of the data in that bank;
    padded = SHA-1 digest and zeros, for a bank whose hash the kernel lacked when IMA started."""
    size = BANKS[bank]().digest_size
    states = [bytes(size)]
    for entry in entries:
        if entry["pcr"] != pcr:
            continue
        if is_violation(entry):
            digest = b"\xff" * size
        elif form == "own":
            digest = BANKS[bank](entry["data"]).digest()
        else:
            digest = hashlib.sha1(entry["data"]).digest().ljust(size, b"\0")
        states.append(extend(bank, states[-1], digest))
    return states
