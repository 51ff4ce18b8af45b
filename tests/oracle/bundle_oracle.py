#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reads bundles from docs/formats alone and judges them without a line of Etalon's code.

bundle_oracle.py check BUNDLE KEY...    the bundle is well formed, complete and signed by every KEY
bundle_oracle.py test BIN ROOT          makes, signs and spoils bundles with the programs in BIN and
                                        demands that this oracle and etalon-verify always agree

The member digests, the canonical form and the pre-authentication encoding are recomputed with the
Python standard library; signatures are left to the `openssl` command.
"""

import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import json_schema  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPONENT = r"[A-Za-z0-9_+@=-][A-Za-z0-9._+@=-]*"
PATH = re.compile(rf"^(manifest\.dsse\.json|files\.json|(eventlogs|policy|kernel)/{COMPONENT}|"
                  rf"(exports|attachments)(/{COMPONENT})+)$")


class Refused(Exception):
    """the bundle is not what its signers made"""


def once(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise Refused("a member name occurs twice")
    return dict(pairs)


def no_number(text):
    raise Refused(f"not an integer: {text}")


def parse_json(data):
    return json.loads(data.decode("utf-8"), object_pairs_hook=once, parse_float=no_number,
                      parse_constant=no_number)


def canonical(value):
    """RFC 8785 for integers: sorted by UTF-16 code units"""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(n)}:{canonical(value[n])}" for n in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def pae(kind, payload):
    kind = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def from_folder(path):
    files = {}
    for folder, folders, names in os.walk(path):
        for name in folders + names:
            full = os.path.join(folder, name)
            if os.path.islink(full) or not (os.path.isdir(full) or os.path.isfile(full)):
                raise Refused(f"{full} is neither file nor folder")
        for name in names:
            full = os.path.join(folder, name)
            files[os.path.relpath(full, path)] = pathlib.Path(full).read_bytes()
    return files


def from_tar(path):
    files, order = {}, []
    with tarfile.open(path, format=tarfile.USTAR_FORMAT) as tar:
        for entry in tar:
            plain = (entry.type, entry.mode, entry.uid, entry.gid, entry.mtime, entry.uname,
                     entry.gname, entry.pax_headers)
            if plain != (tarfile.REGTYPE, 0o644, 0, 0, 0, "", "", {}) or entry.name in files:
                raise Refused(f"{entry.name}: header {plain}")
            files[entry.name] = tar.extractfile(entry).read()
            order.append(entry.name)
    if order[:1] != ["manifest.dsse.json"] or order[1:] != sorted(order[1:]):
        raise Refused(f"order of the tar file: {order}")
    size = sum(512 + (len(content) + 511) // 512 * 512 for content in files.values()) + 1024
    if os.path.getsize(path) != size:
        raise Refused("bytes after the end of the tar file")
    return files


def signed_by(key, message, signature):
    with tempfile.TemporaryDirectory() as folder:
        tbs, sig = os.path.join(folder, "tbs"), os.path.join(folder, "sig")
        pathlib.Path(tbs).write_bytes(message)
        pathlib.Path(sig).write_bytes(signature)
        kind = subprocess.run(["openssl", "pkey", "-pubin", "-in", key, "-noout", "-text"],
                              check=True, capture_output=True, text=True).stdout
        if "ED25519" in kind:
            command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-in", tbs,
                       "-sigfile", sig]
        else:
            command = ["openssl", "dgst", "-sha256", "-verify", key, "-signature", sig, tbs]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


def check_signatures(envelope, payload, keys):
    message = pae(envelope["payloadType"], payload)
    signatures = [base64.b64decode(each["sig"], validate=True) for each in envelope["signatures"]]
    for key in keys:
        if not any(signed_by(key, message, signature) for signature in signatures):
            raise Refused(f"not signed by {key}")


def check_members(predicate, files):
    listed = {each["path"]: each for each in predicate["members"]}
    paths = [each["path"] for each in predicate["members"]]
    if paths != sorted(set(paths), key=lambda path: path.encode()):
        raise Refused("members are not sorted")
    present = {path: content for path, content in files.items()
               if path != "manifest.dsse.json" and not path.startswith("attachments/")}
    if set(present) != set(listed):
        raise Refused(f"members {sorted(set(present) ^ set(listed))}")
    for path, content in present.items():
        entry = listed[path]
        if (entry["size"], entry["sha256"]) != (len(content), hashlib.sha256(content).hexdigest()):
            raise Refused(f"{path} is altered")


def check(bundle, keys):
    files = from_folder(bundle) if os.path.isdir(bundle) else from_tar(bundle)
    for path in files:
        if not PATH.match(path) or len(path) > 100:
            raise Refused(f"{path} has no place in a bundle")
    envelope = parse_json(files["manifest.dsse.json"])
    if envelope["payloadType"] != "application/vnd.in-toto+json":
        raise Refused("payload type")
    payload = base64.b64decode(envelope["payload"], validate=True)
    check_signatures(envelope, payload, keys)
    statement = parse_json(payload)
    if canonical(statement).encode() != payload:
        raise Refused("the payload is not canonical")
    schema = json.loads((ROOT / "references/schema/manifest.schema.json").read_text())
    for fault in json_schema.faults(statement, schema):
        raise Refused(f"schema: {fault}")
    check_members(statement["predicate"], files)


# --- the test ------------------------------------------------------------------------------------


def verdicts(programs, bundle, keys):
    """what etalon-verify says (exit status 0 or not) and what this oracle says"""
    options = [word for key in keys for word in ("--key", key)]
    run = subprocess.run([programs / "etalon-verify", "bundle", bundle, "--require-members", "--time",
                          "2026-06-01T00:00:00Z", *options], capture_output=True, check=False)
    try:
        check(bundle, keys)
    except (Refused, tarfile.TarError, ValueError, KeyError, OSError) as why:
        return run.returncode == 0, False, str(why)
    return run.returncode == 0, True, ""


def signature_by(key, message):
    return subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=message, check=True,
                          capture_output=True).stdout


def spoil_folder(folder, key):
    """(what, do it) for every way to spoil a folder that both must see, with the signer's `key`"""
    manifest = folder / "manifest.dsse.json"
    envelope = json.loads(manifest.read_bytes())

    def put(**members):
        manifest.write_text(json.dumps({**envelope, **members}))

    def flipped(text):
        data = bytearray(base64.b64decode(text))
        data[len(data) // 2] ^= 1
        return base64.b64encode(data).decode()

    yield "payload", lambda: put(payload=flipped(envelope["payload"]))
    yield "payload type", lambda: put(payloadType="text/plain")

    def another_type(kind):
        message = pae(kind, base64.b64decode(envelope["payload"]))
        put(payloadType=kind,
            signatures=[{"keyid": "", "sig": base64.b64encode(signature_by(key, message)).decode()}])

    yield "signed as another type", lambda: another_type("text/plain")
    yield "signatures", lambda: put(signatures=[])
    yield "signature", lambda: put(
        signatures=[{**envelope["signatures"][0], "sig": flipped(envelope["signatures"][0]["sig"])}])
    yield "member altered", lambda: (folder / "files.json").write_text("{}")
    yield "member longer", lambda: (folder / "policy/ima-policy").open("a").write("\n")
    yield "member missing", lambda: (folder / "kernel/ima.config").unlink()
    yield "member unlisted", lambda: (folder / "exports/more").write_text("")
    yield "stray", lambda: (folder / "stray").write_text("")
    yield "link", lambda: (folder / "attachments").symlink_to("policy")


def expect(what, programs, bundle, keys, good):
    theirs, ours, why = verdicts(programs, bundle, keys)
    if (theirs, ours) == (good, good):
        return 0
    print(f"{what}: etalon-verify {theirs}, oracle {ours} ({why}), wanted {good}")
    return 1


def test(programs, root):
    programs, root, faults, count = pathlib.Path(programs).resolve(), pathlib.Path(root), 0, 0
    data = root / "tests/data"
    key = {name: str(data / f"keys/TEST-ONLY-{name}.pub") for name in ("p256", "ed25519")}
    with tempfile.TemporaryDirectory() as temporary:
        temporary = pathlib.Path(temporary)
        signed, tar = temporary / "signed", temporary / "signed.etalon.tar"
        shutil.copytree(data / "bundle/demo", signed)
        for name in key:
            subprocess.run([programs / "etalon", "sign", signed, "--key",
                            data / f"keys/TEST-ONLY-{name}.key"], check=True, capture_output=True)
        subprocess.run([programs / "etalon", "sign", signed, "--key", data / "keys/TEST-ONLY-p256.key",
                        "-o", tar], check=True, capture_output=True)
        for bundle in (signed, tar):
            for keys in ([key["p256"]], [key["ed25519"]], list(key.values())):
                faults += expect(f"{bundle.name} {len(keys)} keys", programs, bundle, keys, True)
                count += 1
        stranger = data / "dsse/test-p256.pub.pem"
        faults += expect("another's key", programs, signed, [str(stranger)], False)
        private = data / "keys/TEST-ONLY-p256.key"
        for index in range(len(list(spoil_folder(signed, private)))):
            copy = temporary / f"spoilt-{index}"
            shutil.copytree(signed, copy)
            what, spoil = list(spoil_folder(copy, private))[index]
            spoil()
            faults += expect(what, programs, copy, [key["p256"]], False)
            count += 1
    print(f"{count + 1} bundles judged, {faults} disagreements")
    return 1 if faults else 0


def main(arguments):
    if arguments[:1] == ["test"] and len(arguments) == 3:
        return test(*arguments[1:])
    if arguments[:1] == ["check"] and len(arguments) >= 3:
        try:
            check(arguments[1], arguments[2:])
        except Refused as why:
            print(f"refused: {why}")
            return 1
        print("good")
        return 0
    print(__doc__.strip())
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
