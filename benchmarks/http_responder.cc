// The receiver of http_responder.h in a process of its own, for benchmarks whose senders are other
// processes. Prints its port, and ends when its standard input does: it cannot outlive its starter.
#include "http_responder.h"

int main() {
  tidemark::bench::HttpResponder responder;
  std::printf("%u\n", static_cast<unsigned>(responder.port()));
  std::fflush(stdout);
  char ignored[64];
  while (::read(STDIN_FILENO, ignored, sizeof ignored) > 0) {
  }
  std::fprintf(stderr, "http_responder: %zu requests on %zu connections, %.3f s CPU\n",
               responder.answered(), responder.accepted(), responder.cpu());
  return 0;
}
