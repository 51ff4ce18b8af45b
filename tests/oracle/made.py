# SPDX-License-Identifier: Apache-2.0
"""Makes seeded UKIs and initrds that are odd but legal, for comparing two implementations."""
import bz2
import gzip
import lzma
import os
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import newc  # noqa: E402  (its folder is not a package)

FILE_ALIGNMENT = 512
SECTION_ALIGNMENT = 4096


def noise(rng, size):
    return rng.randbytes(size)


def pe(rng, sections, pe_offset=0x80, tail=b"", certificates=b"", rva_count=16):
    """A PE32+ file. sections: (name, content, virtual size or None); file order is as given."""
    count = len(sections)
    table = pe_offset + 24 + 112 + 8 * rva_count
    headers = -(-(table + 40 * count) // FILE_ALIGNMENT) * FILE_ALIGNMENT
    body, rows, address = b"", [], 0x10000
    for name, content, virtual in sections:
        raw = content + bytes(-len(content) % FILE_ALIGNMENT)
        offset = headers + len(body) if raw else 0
        size = len(content) if virtual is None else virtual
        rows.append(struct.pack("<8sIIIIIIHHI", name.encode(), size, address, len(raw), offset, 0, 0, 0, 0,
                                0x40000040))
        address += -(-max(size, 1) // SECTION_ALIGNMENT) * SECTION_ALIGNMENT
        body += raw
    rng.shuffle(rows)    # the table's order is not the file's order
    head = bytearray(headers)
    head[0:2] = b"MZ"
    struct.pack_into("<I", head, 0x3C, pe_offset)
    struct.pack_into("<4sHHIIIHH", head, pe_offset, b"PE\0\0", 0x8664, count, rng.getrandbits(32), 0, 0,
                     112 + 8 * rva_count, 0x206)
    struct.pack_into("<HBBIIIIIQIIHHHHHHIIIIHHQQQQII", head, pe_offset + 24, 0x20B, 0, 0, 0, 0, 0, 0, 0x1000, 0,
                     SECTION_ALIGNMENT, FILE_ALIGNMENT, 0, 0, 0, 0, 0, 0, 0, address, headers,
                     rng.getrandbits(32), 10, 0, 0, 0, 0, 0, 0, rva_count)
    if certificates:
        if rva_count <= 4:
            raise ValueError("no entry for the certificate table")
        struct.pack_into("<II", head, pe_offset + 24 + 112 + 32, headers + len(body) + len(tail), len(certificates))
    head[table:table + 40 * count] = b"".join(rows)
    return bytes(head) + body + tail + certificates


def kernel(rng):
    """A PE file that is a bzImage too: boot sector fields at 0x1f1, PE header behind them."""
    data = bytearray(pe(rng, [(".setup", noise(rng, 700), None), (".text", noise(rng, rng.randrange(1, 5000)), None)],
                        pe_offset=0x400, certificates=rng.choice([b"", noise(rng, 1000)])))
    data[0x1F1] = 3
    data[0x1FE:0x200] = b"\x55\xaa"
    data[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", data, 0x206, 0x20F)
    struct.pack_into("<H", data, 0x20E, 0x300 - 0x200)
    data[0x300:0x320] = b"6.12.95-made (nobody@nowhere) #1"
    data[0x320] = 0
    return bytes(data)


STUBS = ["252.39-1~deb12u2\0", "253.1\0", "254.26-1~bpo12+1\0", "255.4-1\0", "257.13-1~deb13u1", "258.2", "259.1",
         "260", "261.1-2", "262.1-1"]


def command_line(rng, number):
    words = ["console=ttyS0", "quiet", "ima_hash=sha256", "x=a\tb", "y=\u00e9\u4e2d", "w=\U0001f4a1", "z=1"]
    rng.shuffle(words)
    text = rng.choice(["  ", " ", "\n"]).join(words)
    lead = " " * rng.randrange(3) if number == 252 or number >= 257 else ""
    return (lead + text + rng.choice(["", " ", " \n", "\0", "\0behind the end"])).encode()


def uki(rng):
    """(file, what was made of it in words)"""
    stub = rng.choice(STUBS)
    number = int(stub.split(".")[0].rstrip("\0"))
    sections = [(".text", noise(rng, 900), None), (".sbat", b"sbat,1,made\n", None),
                (".sdmagic", f"#### LoaderInfo: systemd-stub {stub.rstrip(chr(0))} ####".encode()
                 + (b"\0" if stub.endswith("\0") else b""), None)]
    optional = [(".osrel", b"ID=made\n"), (".uname", b"6.12.95-made"), (".splash", noise(rng, 333)),
                (".dtb", noise(rng, 41)), (".ucode", noise(rng, rng.randrange(1, 600))),
                (".pcrsig", b'{"sha256":[]}'), (".pcrpkey", noise(rng, 91)), (".hwids", noise(rng, 20)),
                (".dtbauto", noise(rng, 50)), (".dtbauto", noise(rng, 60)), (".efifw", noise(rng, 70))]
    payload = [(name, content, rng.choice([None, None, len(content) + 3, max(1, len(content) - 2)]))
               for name, content in optional if rng.random() < 0.6]
    payload.append((".cmdline", command_line(rng, number), None))
    payload.append((".linux", kernel(rng), None))
    payload.append((".initrd", initrd(rng), None))
    rng.shuffle(payload)
    tail = rng.choice([b"", b"", noise(rng, rng.randrange(1, 40))])
    certificates = rng.choice([b"", b"", noise(rng, 8 * rng.randrange(2, 50))])
    count = 16 if certificates else rng.choice([16, 16, 6, 4])
    return pe(rng, sections + payload, tail=tail, certificates=certificates, rva_count=count), f"stub {number}"


NAMES = ["usr", "etc", "usr/bin", "usr/bin/a", "usr/bin/b c", "usr/lib", "usr/lib/x.so", "etc/conf", "etc/e\u00e9",
         "data", "data/big", "data/empty"]


def archive(rng):
    """Entries in an order cpio(1) would not choose: links, replaced files, changed kinds."""
    out = [newc.record(name.encode(), 0o040755, ino, 2) for ino, name in
           enumerate(("usr", "usr/bin", "usr/lib", "etc", "data"), 1)]
    for ino in range(10, 10 + rng.randrange(1, 9)):
        name = rng.choice(NAMES[3:]).encode()
        if name in (b"usr/lib", b"data"):
            continue
        if rng.random() < 0.15:
            out.append(newc.record(b"usr/odd-\xff%d" % ino, 0o100644, ino, 1, body=b"odd"))
        elif rng.random() < 0.2:
            names = [b"data/link-%d-%d" % (ino, i) for i in range(3)]
            bearer = rng.randrange(3)
            for i, link in enumerate(names):
                out.append(newc.record(link, 0o100755, ino, 3, body=noise(rng, 77) if i == bearer else b""))
        elif rng.random() < 0.1:
            out.append(newc.record(b"etc/to-%d" % ino, 0o120777, ino, 1, body=b"../usr/bin/a"))
        else:
            size = rng.choice([0, 1, 3, 4, 511, 512, rng.randrange(70000)])
            out.append(newc.record(name, 0o100644, ino, 1, body=noise(rng, size)))
    if rng.random() < 0.3:
        out.append(newc.record(b"lib", 0o120777, 90, 1, body=b"usr/lib"))
        out.append(newc.record(b"lib/through-link", 0o100644, 91, 1, body=b"behind a link"))
    return b"".join(out) + newc.trailer()


def squeeze(rng, data):
    kind = rng.choice(["", "gzip", "bzip2", "xz", "lzma", "zstd", "zstd2", "lz4"])
    if kind == "gzip":
        return gzip.compress(data, mtime=0)
    if kind == "bzip2":
        return bz2.compress(data)
    if kind == "xz":
        return lzma.compress(data, check=lzma.CHECK_CRC32)
    if kind == "lzma":
        return lzma.compress(data, format=lzma.FORMAT_ALONE)
    if kind.startswith("zstd"):
        return subprocess.run(["zstd", "-qc", "--no-check" if kind == "zstd2" else "--check"], input=data,
                              stdout=subprocess.PIPE, check=True).stdout
    if kind == "lz4":
        return subprocess.run(["lz4", "-lqc"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def initrd(rng):
    out = b""
    for _ in range(rng.randrange(1, 4)):
        out += bytes(-len(out) % 4)
        data = archive(rng)
        if rng.random() < 0.3:
            data += archive(rng)
        part = squeeze(rng, data)
        # An lz4 stream ends at a block size of zero or with the input.
        out += part + bytes(512 if part.startswith(b"\x02\x21") else rng.choice([0, 0, 3, 512]))
    return out
