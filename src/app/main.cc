#include "app/cli.h"

int main(int argc, char** argv) {
  return tidemark::app::run(argc, argv);
}
