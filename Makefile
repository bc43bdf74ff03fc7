# make, make test: CMake does the work; see CMakeLists.txt.
.PHONY: all test
all:
	cmake -S . -B build -G Ninja
	cmake --build build
test: all
	ctest --test-dir build --output-on-failure
