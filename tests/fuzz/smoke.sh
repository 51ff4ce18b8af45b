#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs every fuzz target for a short while from its committed seeds, under AddressSanitizer and
# UndefinedBehaviorSanitizer, and says how much of the decoders was reached.
#
#   smoke.sh BUILD [SECONDS [TARGET...]]    BUILD: a folder of the flavour with ETALON_FUZZ; default:
#                                           30 seconds each, all targets, as many at once as there
#                                           are processors
#
# Inputs found stay in BUILD/fuzz/corpus/TARGET, failing ones in BUILD/fuzz/artifacts: after the fix,
# the small ones are worth a place in tests/fuzz/corpus/TARGET.
# Exit: 0 no finding and every decoder's line coverage at least 70 %, 1 otherwise.
set -eu
LC_ALL=C
export LC_ALL

build=$1 seconds=${2:-30}
shift
[ $# = 0 ] || shift
cd "$(dirname "$0")/../.."
targets=${*:-$(cat "$build/fuzz_targets.txt")}
work=$build/fuzz
mkdir -p "$work/artifacts" "$work/profiles" "$work/logs"
rm -f "$work/profiles/"*

run_one() { # TARGET
  mkdir -p "$work/corpus/$1"
  LLVM_PROFILE_FILE=$work/profiles/$1.profraw "$build/bin/fuzz_$1" -max_total_time="$seconds" \
    -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$work/artifacts/$1-" "$work/corpus/$1" "tests/fuzz/corpus/$1" \
    > "$work/logs/$1" 2>&1 && echo 0 > "$work/logs/$1.exit" || echo 1 > "$work/logs/$1.exit"
}

running=0
for target in $targets; do
  run_one "$target" &
  running=$((running + 1))
  if [ $running -ge "$(nproc)" ]; then
    wait
    running=0
  fi
done
wait

failed=0
for target in $targets; do
  if [ "$(cat "$work/logs/$target.exit")" != 0 ]; then
    echo "fuzz $target: FAILED, see $work/artifacts"
    tail -n 40 "$work/logs/$target"
    failed=1
  fi
done
# shellcheck disable=SC2086  # one word per target
/usr/bin/python3 tests/fuzz/coverage.py "$build" $targets || failed=1
exit $failed
