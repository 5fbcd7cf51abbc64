// Requests per second through AsyncHttpClient to a responder in the same process: what sending one
// webhook costs when the receiver costs next to nothing.
//
// The responder is one thread with epoll that answers every request with 200 and a short body.
// CPU is told apart: the driver thread's own, and the whole process's, the responder included.
//
//   async_http_bench [--seconds S] [--connections N] [--bytes N] [--rounds N]
#include <cstdio>
#include <cstdlib>
#include <string>

#include "http_load.h"
#include "http_responder.h"
#include "net/async_http_client.h"

using namespace tidemark;
using bench::give_up;

int main(int argc, char** argv) {
  double seconds = 3;
  std::size_t connections = 64;
  std::size_t bytes = 512;
  int rounds = 3;
  for (int i = 1; i < argc; i += 2) {
    const std::string flag = argv[i];
    const double value = i + 1 < argc ? std::atof(argv[i + 1]) : 0;
    if (value <= 0) give_up("needs a number: " + flag);
    if (flag == "--seconds") {
      seconds = value;
    } else if (flag == "--connections") {
      connections = static_cast<std::size_t>(value);
    } else if (flag == "--bytes") {
      bytes = static_cast<std::size_t>(value);
    } else if (flag == "--rounds") {
      rounds = static_cast<int>(value);
    } else {
      give_up("unknown argument " + flag);
    }
  }
  bench::HttpResponder responder;
  auto client =
      AsyncHttpClient::make({.max_connections = connections, .max_per_host = connections});
  if (!client) give_up(client.error().message);
  bench::HttpLoad load(**client, responder.url(), bytes);
  for (int round = 0; round < rounds; ++round) {
    const auto rate = load.run(connections, seconds);
    std::printf(
        "%zu connections, %zu bytes: %.0f requests/s, CPU per request: driver %.1f us, "
        "process %.1f us (%zu accepted)\n",
        connections, bytes, rate.per_second, rate.driver_us, rate.process_us, responder.accepted());
    std::fflush(stdout);
  }
  return 0;
}
