# Each folder uses only folders below it, through their headers in include/gradus/, and only the libraries of its floor.
set -eu
bad=0
includes() { # includes FOLDER: lines "FILE:HEADER" of what its files include
    grep -oE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"][^>"]+' src/"$1"/*.[ch] /dev/null |
        sed -E 's/:[[:space:]]*#[[:space:]]*include[[:space:]]*/:/' || true
}
floor() { # floor FOLDER HEADERS-IT-MAY-USE LIBRARIES-IT-MAY-USE (extended regular expressions)
    [ -d "src/$1" ] || return 0
    for line in $(includes "$1"); do
        file=${line%%:*} header=${line#*:}
        case $header in
        '"gradus/'* | '<gradus/'*) expr "$header" : "[\"<]gradus/\($2\)\.h\$" >/dev/null && continue ;;
        '"'*/*) ;;                                                 # another folder's private file
        '"'*) [ -e "src/$1/${header#?}" ] && continue ;;           # a neighbour
        '<'*) printf '%s\n' "${header#?}" | grep -qxE "$3" && continue ;;
        esac
        echo "$file includes ${header#?}, which its floor may not"
        bad=1
    done
}

core='(assert|ctype|errno|float|inttypes|limits|math|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|omp|immintrin|emmintrin|arm_neon|cpuid|sys/auxv|asm/hwcap)\.h'
posix="$core|(dirent|fcntl|locale|pthread|signal|strings|time|unistd|wchar|sys/(file|ioctl|mman|resource|stat|statvfs|time|types|utsname|wait)|langinfo|termios|glob|libgen|poll|sched)\\.h"
floor base   'gradus\|extend\|base\|spec' "$core"
floor rate   'gradus\|extend\|base\|spec' "$core"
floor optim  'gradus\|extend\|base\|spec' "$core"
floor nn     'gradus\|extend\|base\|spec\|nn' "$posix|oneapi/dnnl/dnnl\\.h|jansson\\.h"
floor data   'gradus\|extend\|base\|spec\|nn\|data' "$posix|(zlib|curl/curl|archive|archive_entry|png|turbojpeg)\\.h"
floor train  'gradus\|extend\|base\|spec\|nn\|data\|train' "$posix|yaml\\.h|jansson\\.h|zlib\\.h"
floor search 'gradus\|extend\|base\|spec\|nn\|data\|train\|search' "$posix|jansson\\.h"
floor report 'gradus\|extend\|base\|spec\|nn\|data\|train\|report' "$posix|jansson\\.h|spawn\\.h"
floor cli    '[a-z_]*' "$posix|jansson\\.h|yaml\\.h|curl/curl\\.h"

away=$(grep -lE '#[[:space:]]*include[[:space:]]*[<"](oneapi/dnnl/)?dnnl' -r src include | grep -v '^src/nn/backend_' || true)
[ -z "$away" ] || { printf 'oneDNN is included outside src/nn/backend_*:\n%s\n' "$away"; bad=1; }
exit $bad
