/* Runs a fuzz target without a fuzzer: over files, over all files of folders, or over standard input (for AFL++).
 * So what a fuzzer once found stays found, in every test run and with every compiler. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(FILE *file)
{
    size_t size = 0, capacity = 4096;
    uint8_t *data = malloc(capacity);
    for (size_t got; data && (got = fread(data + size, 1, capacity - size, file)) > 0;) {
        size += got;
        if (size == capacity) data = realloc(data, capacity *= 2);
    }
    if (!data || ferror(file)) {
        free(data);
        return -1;
    }
    data =
        realloc(data, size ? size : 1); /* exactly as long as it is, so that a sanitizer sees a read behind the end */
    if (data) LLVMFuzzerTestOneInput(data, size);
    free(data);
    return data ? 0 : -1;
}

/* Replays one file, or each file of a folder; returns how many, or -1 where one could not be read. */
static int replay_path(const char *path)
{
    struct stat status;
    DIR *folder = stat(path, &status) == 0 && S_ISDIR(status.st_mode) ? opendir(path) : NULL;
    if (!folder) {
        FILE *file = fopen(path, "rb");
        int result = file ? replay(file) : -1;
        if (result) perror(path);
        if (file) fclose(file);
        return result ? -1 : 1;
    }
    int count = 0;
    for (struct dirent *entry; count >= 0 && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        char inner[4096];
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        int result = replay_path(inner);
        count = result < 0 ? -1 : count + result;
    }
    closedir(folder);
    return count;
}

int main(int count, char **paths)
{
#ifdef __AFL_LOOP
    while (count == 1 && __AFL_LOOP(1000)) { /* many inputs a process: twenty times as fast */
        rewind(stdin);
        replay(stdin);
    }
#endif
    if (count == 1) return replay(stdin) ? 1 : 0;
    int total = 0;
    for (int i = 1; i < count; i++) {
        int result = replay_path(paths[i]);
        if (result < 0) return 1;
        total += result;
    }
    printf("%d inputs\n", total);
    return total == 0; /* an empty corpus tests nothing */
}
