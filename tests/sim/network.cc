#include "sim/network.h"

namespace tidemark::sim {
namespace {

constexpr milliseconds kPatience = std::chrono::seconds(30);
constexpr milliseconds kTravel{40};

std::string origin_of(const std::string& url) {
  const auto host = url.find("://") + 3;
  return url.substr(0, url.find('/', host));
}

tl::unexpected<Error> unreachable(const std::string& why) {
  return fail(Errc::unavailable, why);
}

}  // namespace

bool SimulatedHttp::is_down(const std::string& origin) const {
  const auto until = network_.down_until.find(origin);
  return !stage_.faults.ceased() && until != network_.down_until.end() &&
         until->second > stage_.clock.world();
}

Result<HttpResponse> SimulatedHttp::send(const HttpRequest& request, const BodySink& sink) {
  const std::string origin = origin_of(request.url);
  const auto server = network_.servers.find(origin);
  if (server == network_.servers.end()) return unreachable("there is no such host");
  if (!fibers_.killed()) server->second->asked(request);
  auto response = exchange(*server->second, request, sink);
  if (!fibers_.killed()) server->second->ended(request, response);
  return response;
}

Result<HttpResponse> SimulatedHttp::exchange(Upstream& server, const HttpRequest& request,
                                             const BodySink& sink) {
  fibers_.sleep(stage_.random.delay(kTravel));
  if (is_down(server.origin()) || stage_.faults.strikes(Fault::connection_refused)) {
    return unreachable("connection refused");
  }
  auto response = ask(server, request);
  if (fibers_.killed()) return fail(Errc::cancelled, "the process has been killed");
  if (!response) return response;
  return deliver(std::move(*response), sink);
}

Result<HttpResponse> SimulatedHttp::ask(Upstream& server, const HttpRequest& request) {
  auto& faults = stage_.faults;
  if (faults.strikes(Fault::request_lost)) {
    fibers_.sleep(kPatience);
    return fail(Errc::timeout, "the request was lost");
  }
  ++network_.requests;
  if (faults.strikes(Fault::server_error)) {
    const int status = 500 + static_cast<int>(stage_.random.below(4));
    if (status == 501) server.note_unwilling();
    return HttpResponse{status, {}, "trouble"};
  }
  if (faults.strikes(Fault::server_busy)) {
    const auto wait = std::to_string(stage_.random.below(90));
    return HttpResponse{stage_.random.chance(500) ? 429 : 503, {{"Retry-After", wait}}, "busy"};
  }
  if (faults.strikes(Fault::credentials_refused)) return HttpResponse{401, {}, "who are you"};
  if (faults.strikes(Fault::request_doubled)) server.answer(request);
  HttpResponse response = server.answer(request);
  if (faults.strikes(Fault::answer_lost)) {
    fibers_.sleep(kPatience);
    return fail(Errc::timeout, "the answer was lost");
  }
  const bool late = faults.strikes(Fault::answer_late);
  fibers_.sleep(stage_.random.delay(late ? 3 * kPatience : kTravel));
  return response;
}

Result<HttpResponse> SimulatedHttp::deliver(HttpResponse response, const BodySink& sink) {
  if (response.status < 200 || response.status > 299 || !sink) return response;
  std::string_view rest = response.body;
  if (stage_.faults.strikes(Fault::answer_cut)) {
    rest = rest.substr(0, stage_.random.below(rest.size() + 1));
    if (auto taken = sink(rest); !taken) return fail(std::move(taken).error());
    return unreachable("the connection was reset in the middle of the answer");
  }
  while (!rest.empty()) {
    // Most answers come at once, some in pieces between which other things happen.
    const bool whole = stage_.random.chance(700);
    const auto size = whole ? rest.size() : 1 + stage_.random.below(rest.size());
    if (auto taken = sink(rest.substr(0, size)); !taken) return fail(std::move(taken).error());
    rest.remove_prefix(size);
    if (!rest.empty()) fibers_.sleep(stage_.random.delay(kTravel));
    if (fibers_.killed()) return fail(Errc::cancelled, "the process has been killed");
  }
  response.body.clear();
  return response;
}

}  // namespace tidemark::sim
