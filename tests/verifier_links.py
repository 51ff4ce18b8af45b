#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""etalon-verify judges hostile input, so what it links is held small.

verifier_links.py PROGRAM    the program needs only the C and C++ run-time libraries and libcrypto,
                             and does not call mmap by itself
"""

import re
import subprocess
import sys

ALLOWED = {"libc.so.6", "libstdc++.so.6", "libgcc_s.so.1", "libm.so.6", "libcrypto.so.3"}
# run-time libraries of the sanitizers, in builds that have them
SANITIZERS = re.compile(r"^lib(asan|ubsan|tsan)\.so\.[0-9]+$")


def main(program):
    dynamic = subprocess.run(["readelf", "-dW", program], check=True, capture_output=True,
                             text=True).stdout
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic))
    extra = {name for name in needed - ALLOWED if not SANITIZERS.match(name)}
    if not needed or extra:
        print(f"{program} needs {sorted(extra) or 'nothing at all'}")
        return 1
    symbols = subprocess.run(["readelf", "--dyn-syms", "-W", program], check=True,
                             capture_output=True, text=True).stdout
    mapped = re.findall(r" UND (mmap(?:64)?)(?:@|\s)", symbols)
    sanitized = any(SANITIZERS.match(name) for name in needed)
    if mapped and not sanitized:
        print(f"{program} calls {mapped}")
        return 1
    print(f"{program}: {', '.join(sorted(needed))}; no mmap")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
