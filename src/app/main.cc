#include <malloc.h>

#include "app/cli.h"

int main(int argc, char** argv) {
  // An arena for each thread keeps what every one of them once needed. Measured on a first mirror of
  // 10,000 events: 54 instead of 65 MiB at its peak, in the same time.
  mallopt(M_ARENA_MAX, 1);
  return tidemark::app::run(argc, argv);
}
