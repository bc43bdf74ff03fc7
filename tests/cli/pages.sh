# What the pages of the manual show is what the commands on them print.
for page in check nets rates; do
    python3 "$SOURCE/tests/cli/page" "$SOURCE/docs/$page.md"
done
