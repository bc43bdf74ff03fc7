# Every run file of examples/ is one: it binds, its net fits its data.
for file in "$SOURCE"/examples/*.yaml; do
    case $(sed -n 's/^data: *//p' "$file") in
    mnist*) [ -e "${GRADUS_DATA:-nowhere}/mnist" ] || continue ;;
    fashion-mnist*) [ -e "${GRADUS_DATA:-nowhere}/fashion-mnist" ] || continue ;;
    cifar*|folder\(cifar*) [ -e "${GRADUS_DATA:-nowhere}/cifar10" ] || continue ;;
    csv\(tabular*) [ -e "${GRADUS_DATA:-nowhere}/tabular" ] || continue ;;
    wav\(free-spoken*) [ -e "${GRADUS_DATA:-nowhere}/free-spoken-digits" ] || continue ;;
    text*) [ -e "${GRADUS_DATA:-nowhere}/text/tinyshakespeare.txt" ] || continue ;;
    esac
    gradus train "$file" --dry-run > out || echo "$file [$?]"
    grep -q '^ *total' out || echo "$file: no layers"
done
