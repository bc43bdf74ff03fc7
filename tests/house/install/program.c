/* A program outside the project: it knows the installed copy alone. */
#include <gradus/gradus.h>

int main(void) { return gradus_version() == GRADUS_VERSION && gradus_abi() == GRADUS_ABI ? 0 : 1; }
