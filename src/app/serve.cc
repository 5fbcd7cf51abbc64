// `tidemark serve`: everything runs until SIGTERM or SIGINT.
#include <signal.h>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "app/runtime.h"
#include "app/socket_path.h"
#include "base/log.h"
#include "net/http_server.h"

namespace tidemark::app {
namespace {

constexpr std::chrono::seconds kRequestsMayTake{3};
constexpr std::chrono::seconds kEngineMayTake{6};

// SIGINT and SIGTERM wait in the kernel until somebody asks for them. Made before any thread, so
// that every thread inherits it.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  int wait() const {
    int signal = 0;
    sigwait(&set_, &signal);
    return signal;
  }
  // From here on a signal ends the process at once: somebody is tired of waiting.
  void release() const { pthread_sigmask(SIG_UNBLOCK, &set_, nullptr); }

 private:
  sigset_t set_{};
};

// The address as it can be typed: the real port in the place of 0.
std::string shown_address(const std::string& listen, std::uint16_t port) {
  const auto host = listen.substr(0, listen.rfind(':'));
  return "http://" + (host.empty() ? "0.0.0.0" : host) + ":" + std::to_string(port);
}

Result<std::string> listen_everywhere(HttpServer& server, const Config& config,
                                      const SocketPath& socket) {
  if (auto listening = server.listen(config.server.listen); !listening) {
    return fail(in_context("cannot listen on " + config.server.listen, listening.error()));
  }
  if (auto listening = server.listen_unix(socket.usable()); !listening) {
    return fail(in_context("cannot listen on the socket in " + config.data_dir, listening.error()));
  }
  return shown_address(config.server.listen, server.port());
}

int refuse(const Error& error) {
  say(error.message);
  const bool store = exit_code_of(error.code) == kStoreRefused;
  return store ? kStoreRefused : kFailed;
}

}  // namespace

int run_serve(const Config& config) {
  const StopSignals signals;
  auto runtime = Runtime::open(config, Runtime::Purpose::serve);
  if (!runtime) return refuse(runtime.error());
  const auto socket = SocketPath::of(config.data_dir);
  if (!socket) return refuse(socket.error());
  const auto server = make_http_server();
  (*runtime)->api().mount(*server);
  // Before anything runs: a taken port must not cost half a sync.
  const auto address = listen_everywhere(*server, config, *socket);
  if (!address) return refuse(address.error());
  if (auto started = (*runtime)->start(); !started) return refuse(started.error());
  if (auto started = server->start(); !started) return refuse(started.error());
  Output::line("tidemark " TIDEMARK_VERSION " serves " + *address + ", data in " + config.data_dir);
  Output::flush();
  log::info("serving", {.detail = *address + ", data in " + config.data_dir});
  const int signal = signals.wait();
  log::info("stopping", {.detail = signal == SIGINT ? "SIGINT" : "SIGTERM"});
  signals.release();
  server->stop(kRequestsMayTake);
  (*runtime)->stop(kEngineMayTake);
  log::info("stopped");
  return kDone;
}

}  // namespace tidemark::app
