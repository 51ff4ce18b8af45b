# SPDX-License-Identifier: Apache-2.0
# The front door. Every target does its own set-up; `make test` and `make demo` need nothing before.
#   make            the programs, in build/release/bin/
#   make demo       the main job on a real image          make test    all but boots, benches, demo's judge
#   make boot       real boots in QEMU, about 4 minutes   make bench   speed and memory
#   make main_job   `make demo`, and its values judged by second implementations
#   make policy-oracle   1000 random IMA rules per kernel, judged by the kernels too; RULES, SEED
#   make policy-boots    what policies list on real kernels, against their simulation
#   make acpi-shapes   ACPI tables of 64 shapes, by two versions of QEMU
#   make reproduce  the demo image built twice, and the one of the fallback; about 6 minutes
#   make golden     accept the programs' output as the expected one (then read the diff)
# FUZZ_SECONDS per fuzz target, TIDY a pattern of sources, PREFIX and DESTDIR for install.
FUZZ_SECONDS ?= 30
RULES ?= 1000
SEED ?= 20261126
PREFIX ?= /usr/local
CONFIGURE := cmake -S . -G Ninja -DCMAKE_COMPILE_WARNING_AS_ERROR=ON --log-level=WARNING
# clang compiles instrumented code in two thirds of g++'s time, and what it builds for the tests
# serves the fuzz targets as well; `make build` and `make tidy` judge warnings
SANITIZE := -DCMAKE_CXX_COMPILER=clang++-19 -DETALON_SANITIZE=address,undefined -DETALON_FUZZ=ON \
  -DCMAKE_COMPILE_WARNING_AS_ERROR=OFF \
  -DCMAKE_CXX_FLAGS_RELWITHDEBINFO="-O0 -g1"
CTEST = ctest --output-on-failure --no-tests=error -j $(shell nproc) \
  --output-junit $(CURDIR)/build/$@.xml
SOURCES = git -c safe.directory='*' ls-files -z '*.cpp' '*.hpp'
export CCACHE_BASEDIR := $(CURDIR)
unexport UPDATE_GOLDEN

.PHONY: build demo test asan tidy format format-check fuzz bench install clean fixtures golden \
  coverage boot main_job reproduce policy-oracle policy-boots acpi-shapes
build:
	tools/dev/setup.sh build
	$(CONFIGURE) -B build/release
	cmake --build build/release

demo:
	tools/dev/setup.sh demo && $(CONFIGURE) -B build/release
	cmake --build build/release --target etalon etalon-verify
	tools/dev/demo.sh

test:
	tools/dev/setup.sh test && $(MAKE) build
	$(CTEST) --test-dir build/release -LE 'boot|bench|demo|reproduce|acpi'

boot bench reproduce:
	tools/dev/setup.sh test && $(MAKE) build
	$(CTEST) --test-dir build/release -j1 -L $@ --verbose

acpi-shapes:
	tools/dev/setup.sh test && $(MAKE) build
	$(CTEST) --test-dir build/release -L acpi --verbose

policy-oracle:
	tools/dev/setup.sh test && $(MAKE) build
	/usr/bin/python3 tests/boot/policy_oracle.py --etalon build/release/bin/etalon \
	  --rules $(RULES) --seed $(SEED)

policy-boots:
	tools/dev/setup.sh test && $(MAKE) build
	/usr/bin/python3 tests/boot/policy_boots.py --etalon build/release/bin/etalon

main_job: demo
	$(MAKE) build
	$(CTEST) --test-dir build/release -L demo

golden:
	$(MAKE) build
	UPDATE_GOLDEN=1 $(CTEST) --test-dir build/release -L golden

asan:
	tools/dev/setup.sh ci && $(CONFIGURE) -B build/asan $(SANITIZE)
	cmake --build build/asan
	LLVM_PROFILE_FILE=/dev/null $(CTEST) --test-dir build/asan -LE 'boot|bench|demo|reproduce|acpi|gate'

coverage:
	tools/dev/setup.sh ci && $(CONFIGURE) -B build/coverage -DCMAKE_BUILD_TYPE=Debug -DETALON_COVERAGE=ON
	cmake --build build/coverage
	$(CTEST) --test-dir build/coverage -LE 'boot|bench|demo|reproduce|acpi|gate'
	gcovr -r . -e tests/ --exclude-throw-branches --print-summary build/coverage

tidy:
	tools/dev/setup.sh ci && $(CONFIGURE) -B build/tidy -DCMAKE_CXX_COMPILER=clang++-19
	/usr/bin/python3 tools/dev/tidy.py build/tidy $(if $(TIDY_SAMPLE),--sample $(TIDY_SAMPLE)) '$(TIDY)'

format:
	tools/dev/setup.sh ci && $(SOURCES) | xargs -0r clang-format-14 -i

format-check: # of some sources: a list that came out empty must not pass
	tools/dev/setup.sh ci
	test "$$($(SOURCES) | tr -cd '\0' | wc -c)" -gt 0
	$(SOURCES) | xargs -0r clang-format-14 --dry-run -Werror

fuzz:
	tools/dev/setup.sh ci && $(CONFIGURE) -B build/asan $(SANITIZE)
	cmake --build build/asan --target fuzzers
	tests/fuzz/smoke.sh build/asan $(FUZZ_SECONDS)

fixtures:
	tools/dev/fixtures.sh build/fixtures

install: build
	cmake --install build/release --prefix $(PREFIX)

clean:
	rm -rf build
