# What is installed is whole: an example is built against it, by pkg-config and by CMake, and runs;
# and the installed tree may be moved.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cmake --install "$GRADUS_BUILD" --prefix "$folder/first" >"$folder/log" || { cat "$folder/log"; exit 1; }
mv "$folder/first" "$folder/prefix"
library=$(dirname "$(find "$folder/prefix" -name libgradus.a)")
export PKG_CONFIG_PATH="$library/pkgconfig" LD_LIBRARY_PATH="$library"

cd "$folder"
source=$OLDPWD/tests/house/install example=$OLDPWD/examples/schedule_only.c
version=$(sed -n 's/^#define GRADUS_VERSION *\([0-9]*\).*/\1/p' prefix/include/gradus/gradus.h)
[ "$(pkg-config --modversion gradus)" = "$((version / 10000)).$((version / 100 % 100)).$((version % 100))" ]
# shellcheck disable=SC2046 # lists of words
$CC "$example" -o by_pkg_config $(pkg-config --cflags --libs gradus)
./by_pkg_config >said
# shellcheck disable=SC2046
$CC "$example" -o by_static $(pkg-config --cflags --libs --static gradus | sed "s|-lgradus|$library/libgradus.a|")
./by_static >said

cmake -S "$source" -B by_cmake -DEXAMPLE="$example" -DCMAKE_PREFIX_PATH="$folder/prefix" >log && cmake --build by_cmake >>log ||
    { cat log; exit 1; }
by_cmake/shared >said
by_cmake/static >said
