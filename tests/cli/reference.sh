# The reference pages say what the tables say; tools/reference writes them anew.
"$SOURCE/tools/reference" --check "$(command -v gradus)"
