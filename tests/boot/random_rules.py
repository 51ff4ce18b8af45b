# SPDX-License-Identifier: Apache-2.0
"""Random IMA rules from a seed, about half of which a kernel accepts: built along the grammar, with the
values that its parsers treat in their own ways, and then often damaged a little.
"""

import random

ACTIONS = ["measure"] * 10 + ["dont_measure", "appraise", "appraise", "dont_appraise", "audit", "dont_audit",
                              "hash", "dont_hash"]
FUNCS = ["FILE_CHECK", "PATH_CHECK", "MMAP_CHECK", "FILE_MMAP", "MMAP_CHECK_REQPROT", "BPRM_CHECK", "CREDS_CHECK",
         "MODULE_CHECK", "FIRMWARE_CHECK", "KEXEC_KERNEL_CHECK", "KEXEC_INITRAMFS_CHECK", "KEXEC_CMDLINE",
         "POLICY_CHECK", "KEY_CHECK", "CRITICAL_DATA", "SETXATTR_CHECK", "POST_SETATTR", "NONE", "file_check", ""]
MASKS = ["MAY_READ", "MAY_WRITE", "MAY_APPEND", "MAY_EXEC", "may_exec", "MAY_READ|MAY_EXEC", "MAY_EXECX", ""]
NUMBERS = ["0", "1", "1001", "65534", "4294967294", "4294967295", "4294967296", "007", "+5", "-1", "0x10", "root", "",
           " ", "1 ", "1k", "18446744073709551616", "18446744073709551616x",
           "99999999999999999999", "18446744073709551615", "1x"]
MAGICS = ["0x01021994", "1021994", "0X9fa0", "0", "0x0", "ffffffffffffffff", "0x10000000000000000", "0x10000000000000000z", "tmpfs", "-1",
          "+1", "0x", "0xg", ""]
NAMES = ["tmpfs", "rootfs", "ext4", "nosuchfs", "", "a|b", "fuse.sshfs"]
UUIDS = ["12345678-1234-5678-9abc-def012345678", "12345678-1234-5678-9ABC-DEF012345678",
         "00000000-0000-0000-0000-000000000000", "12345678-1234-5678-9abc-def012345678xyz",
         "1234567-1234-5678-9abc-def012345678", "12345678123456789abcdef012345678", "12345678-1234-5678-9abc", ""]
PCRS = ["10", "0", "23", "24", "63", "64", "011", "-1", "0xa", "", "+9", "10a", "4294967306", "18446744073709551626",
        "-0", "+", "-00", "-+0", "+-0", "--0"]
TEMPLATES = ["ima", "ima-ng", "ima-sig", "ima-ngv2", "ima-sigv2", "ima-buf", "ima-modsig", "evm-sig", "d|n",
             "d-ng|n-ng", "d-ng|n-ng|sig", "d-ng", "n-ng|d-ng", "ima-sigv3", "IMA-NG", "", "d-ngv2|n-ng"]
ALGORITHMS = ["sha256", "sha1", "sha256,sha384", "sha512", "md5", "sm3", "sm3-256", "sha3-256", "wp512", "sha224", "foo",
              "sha256,", ",sha256", "sha256|sha1", "sha256,sha256", "", "SHA256", "rmd160"]
LISTS = ["a", "a|b", ".ima|.evm", "", "|", "a|", "|a", "a||b", "selinux", "kernel_info|kernel_info"]
LABELS = ["unconfined", "unconfine", "system_u", "unconfined//&u", "&un", "u//&x", "//&unconfined", "&", "nosuchlabel", "", "/usr/bin/x", "a b", "*", "unconfined_u"]
TYPES = ["imasig", "imasig|modsig", "modsig", "sigv3", "hash", "", "modsig|imasig", "imasig "]
FLAGS = ["check_blacklist", "blacklist", "foo", ""]
DIGESTS = ["verity", "ima", "hash", "", "verity "]
OPERATORS = ["=", "=", "=", "=", ">", "<", ">=", "!=", "=="]


class Rules:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def likely(self, share):
        return self.random.random() < share

    def good(self, values, count):
        """mostly one of the first `count`, which are the ordinary ones"""
        return self.random.choice(values[:count] if self.likely(0.94) else values)

    def number(self, key):
        operator = self.good(OPERATORS, 6)
        return key + operator + self.good(NUMBERS, 5)

    def mask(self):
        return "mask=" + ("^" if self.likely(0.4) else "") + self.good(MASKS, 4)

    def condition(self):
        choice = self.random.choice
        return choice([
            self.mask, self.mask,
            lambda: "fsmagic=" + self.good(MAGICS, 4),
            lambda: "fsname=" + self.good(NAMES, 4),
            lambda: "fs_subtype=" + self.good(NAMES, 3),
            lambda: "fsuuid=" + self.good(UUIDS, 4),
            lambda: self.number(choice(["uid", "uid", "euid"])),
            lambda: self.number(choice(["gid", "egid", "sgid" if self.likely(0.1) else "gid"])),
            lambda: self.number(choice(["fowner", "fowner", "fgroup"])),
            lambda: "pcr=" + self.good(PCRS, 4),
            lambda: "template=" + self.good(TEMPLATES, 10),
            lambda: "appraise_type=" + self.good(TYPES, 4),
            lambda: "appraise_flag=" + self.good(FLAGS, 2),
            lambda: "appraise_algos=" + self.good(ALGORITHMS, 3),
            lambda: "digest_type=" + self.good(DIGESTS, 1),
            lambda: "permit_directio" + ("=1" if self.likely(0.1) else ""),
            lambda: "keyrings=" + self.good(LISTS, 3),
            lambda: "label=" + self.good(LISTS, 3),
            lambda: choice(["subj_", "obj_"]) + choice(["user", "role", "type"]) + "=" + self.good(LABELS, 5),
        ])()

    def conditions(self, func, action):
        """some that fit the func more often than chance would have it"""
        count = self.random.choice([0, 0, 1, 1, 1, 1, 2, 2, 3, 4])
        if func == "KEY_CHECK" and self.likely(0.6):
            return ["keyrings=" + self.good(LISTS, 3)] + ([self.condition()] if self.likely(0.3) else [])
        if func == "CRITICAL_DATA" and self.likely(0.6):
            return ["label=" + self.good(LISTS, 3)] + ([self.condition()] if self.likely(0.3) else [])
        if func == "SETXATTR_CHECK" and self.likely(0.8):
            return ["appraise_algos=" + self.good(ALGORITHMS, 3)]
        if func.startswith("KEXEC_CMD") and self.likely(0.6):
            return [self.number("uid")]
        if action == "appraise" and self.likely(0.5):
            return [self.random.choice(["appraise_type=imasig", "digest_type=verity appraise_type=sigv3",
                                        "appraise_algos=sha256", self.number("fowner")])]
        return [self.condition() for _ in range(count)]

    def damaged(self, words):
        choice = self.random.randrange(9)
        if choice == 0:
            words.append(self.random.choice(words))
        elif choice == 1:
            words.append("# comment")
        elif choice == 2:
            words[-1] += "#x"
        elif choice == 3:
            words.append(self.random.choice(["#x", "nonsense", "measure", "func", "=", ",", "uid=0,gid=0"]))
        elif choice == 4:
            word = self.random.randrange(len(words))
            words[word] = words[word].upper() if self.likely(0.5) else words[word] + self.random.choice("x;,|\"'")
        elif choice == 5:
            words[-1] += "\r"
        elif choice == 6:
            words.insert(0, self.random.choice(["\t", " ", "\f", "\u00a0"]))
        elif choice == 7:
            words.pop(self.random.randrange(len(words)))
        else:
            words[0] = words[0].replace("=", " = ")
        return words

    def rule(self):
        action = self.random.choice(ACTIONS)
        words = []
        func = ""
        if self.likely(0.75):
            func = self.good(FUNCS, 16)
            words.append("func=" + func)
        if func == "SETXATTR_CHECK" and self.likely(0.7):
            action = "appraise"
        words += self.conditions(func, action)
        if action != "measure" and self.likely(0.7):
            words = [word for word in words if not word.startswith(("pcr=", "template="))]
        if not action.endswith("appraise") and self.likely(0.7):
            words = [word for word in words if not word.startswith("appraise_")]
        if func in ("", "FILE_CHECK", "BPRM_CHECK") and self.likely(0.8):
            words = [word for word in words if not word.startswith(("keyrings=", "label="))]
        if self.likely(0.25):
            self.random.shuffle(words)
        if self.likely(0.9):
            words.insert(0, action)
        else:
            words.insert(self.random.randrange(len(words) + 1), action)
        if words and self.likely(0.15):
            words = self.damaged(words)
        blank = self.random.choice([" "] * 8 + ["\t", "  "])
        return blank.join(words)

    def take(self, count):
        """that many different ones; each is a rule to the kernel and no comment, path or empty line"""
        seen = {}
        while len(seen) < count:
            rule = self.rule()
            if rule.strip(" \t") and rule.lstrip(" \t")[0] not in "#/" and "\n" not in rule:
                seen.setdefault(rule)
        return list(seen)
