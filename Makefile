# The short commands; CMake does the work (CMakeLists.txt). CONTRIBUTING.md says what each check is for.
#
#   make              build/gradus and the libraries; the tests and examples too where cmocka is installed
#   make demo         build/gradus alone, then a first training run
#   make test         everything that must hold before a commit, under fifteen minutes on two cores
#   make test-long    runs killed at every write, valgrind, NEON under emulation, ten minutes of fuzzing a target
#   make bench        the figures, each a ratio against something measured in the same run
#   make amalgamation libgradus as two files, gradus.h and gradus.c, in build/amalgamation
#   make install      into PREFIX (/usr/local), under DESTDIR
#   make format       lay out the code as .clang-format says
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 600
CONFIGURE = cmake --log-level=WARNING -G Ninja -S . -B
NEON = -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc \
       -DGRADUS_TRAIN=OFF -DGRADUS_LAUNCHER='qemu-aarch64;-L;/usr/aarch64-linux-gnu' -DGRADUS_TIMEOUT=1800
VALGRIND = -DGRADUS_LAUNCHER='valgrind;-q;--error-exitcode=99;--leak-check=full;--show-leak-kinds=definite' -DGRADUS_TIMEOUT=1800
CTEST = ctest --output-on-failure --parallel $$(getconf _NPROCESSORS_ONLN) --no-tests=error --test-dir

# A first build does not fail for what a newer compiler warns of; once `make test` has been run, warnings are errors.
BUILD = $(CONFIGURE) build $(if $(wildcard build/CMakeCache.txt),,-DGRADUS_WERROR=OFF)
all:
	@tools/deps build
	@$(BUILD)
	@cmake --build build

demo:
	@tools/deps build
	@$(BUILD)
	@cmake --build build --target gradus_program
	@build/gradus train

test:
	@tools/deps build test
	$(CONFIGURE) build -DGRADUS_TESTS=ON -DGRADUS_WERROR=ON
	cmake --build build
	$(CTEST) build
	$(CONFIGURE) build-clang -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug
	cmake --build build-clang
	$(CONFIGURE) build-sanitize -DGRADUS_SANITIZE=address,undefined
	cmake --build build-sanitize
	$(CTEST) build-sanitize

test-long:
	@tools/deps build test test-long
	GRADUS_LONG=1 sh tests/house/bits.sh
	GRADUS_LONG=1 sh tests/house/healthy.sh
	$(CONFIGURE) build -DGRADUS_TESTS=ON -DGRADUS_WERROR=ON
	cmake --build build
	GRADUS_LONG=1 $(CTEST) build -R 'train_disk|cli_killed'
	$(CONFIGURE) build-neon $(NEON)
	cmake --build build-neon
	$(CTEST) build-neon
	$(CONFIGURE) build-valgrind $(VALGRIND)
	cmake --build build-valgrind
	$(CTEST) build-valgrind
	$(CONFIGURE) build-fuzz -DCMAKE_C_COMPILER=clang -DGRADUS_FUZZ=ON -DGRADUS_SANITIZE=address,undefined
	cmake --build build-fuzz --target fuzz
	CC=afl-clang-fast $(CONFIGURE) build-afl
	cmake --build build-afl --target fuzz
	tools/fuzz $(FUZZ_SECONDS)

bench:
	@tools/deps build test
	@$(CONFIGURE) build -DGRADUS_TESTS=ON -DGRADUS_WERROR=ON
	@cmake --build build
	@for program in build/bench/*; do $$program || exit 1; done

install:
	@tools/deps build
	$(CONFIGURE) build-release -DCMAKE_BUILD_TYPE=Release -DGRADUS_TESTS=OFF -DGRADUS_WERROR=OFF -DCMAKE_INSTALL_PREFIX=$(PREFIX)
	cmake --build build-release
	cmake --install build-release

amalgamation:
	@tools/amalgamate build/amalgamation
	@ls -1 build/amalgamation/*

format:
	git ls-files '*.c' '*.h' | xargs clang-format -i

clean:
	rm -rf build build-*

.PHONY: all demo test test-long bench install amalgamation format clean
