#include "app/consent_listener.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "net/url.h"

namespace tidemark::app {
namespace {

constexpr std::size_t kMaxCodeBytes = 2048;

std::map<std::string, std::string> query_of(std::string_view url) {
  std::map<std::string, std::string> query;
  const auto mark = url.find('?');
  if (mark == std::string_view::npos) return query;
  std::string_view rest = url.substr(mark + 1);
  rest = rest.substr(0, rest.find('#'));
  for (std::string pair : split(rest, '&')) {
    std::replace(pair.begin(), pair.end(), '+', ' ');
    const auto equals = pair.find('=');
    if (equals == std::string::npos) continue;
    const auto name = percent_decode(std::string_view(pair).substr(0, equals));
    const auto value = percent_decode(std::string_view(pair).substr(equals + 1));
    if (name && value) query[*name] = *value;
  }
  return query;
}

std::string value_of(const std::map<std::string, std::string>& query, const std::string& name) {
  const auto found = query.find(name);
  return found == query.end() ? std::string() : found->second;
}

}  // namespace

ConsentListener::ConsentListener()
    : server_(make_http_server({.threads = 2, .streams = 1, .connections = 16})) {}

ConsentListener::~ConsentListener() {
  server_->stop(std::chrono::seconds(1));
}

Result<std::unique_ptr<ConsentListener>> ConsentListener::start() {
  std::unique_ptr<ConsentListener> listener(new ConsentListener);
  listener->server_->route("GET", "/", [raw = listener.get()](const ServerRequest& request) {
    return raw->answer(request);
  });
  TM_TRY(listener->server_->listen("127.0.0.1:0"));
  TM_TRY(listener->server_->start());
  return listener;
}

std::string ConsentListener::redirect_uri() const {
  return "http://127.0.0.1:" + std::to_string(server_->port()) + "/";
}

std::optional<ConsentAnswer> ConsentListener::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(answer_, std::nullopt);
}

ServerResponse ConsentListener::answer(const ServerRequest& request) {
  ConsentAnswer came{request.query_value("state").value_or(""),
                     request.query_value("code").value_or(""),
                     request.query_value("error").value_or("")};
  ServerResponse response;
  response.content_type = "text/plain; charset=utf-8";
  response.headers = {{"Cache-Control", "no-store"}};
  if (!came.complete()) {
    response.status = 400;
    response.body = "This is where a calendar provider sends the browser back to.\n";
    return response;
  }
  response.body = "Thank you. The terminal says whether it worked; you can close this window.\n";
  const std::lock_guard lock(mutex_);
  answer_ = std::move(came);
  return response;
}

std::optional<ConsentAnswer> pasted_answer(std::string_view text, const std::string& link) {
  const std::string_view pasted = trim(text);
  if (pasted.empty() || pasted.size() > 4 * kMaxCodeBytes) return std::nullopt;
  if (pasted.find('?') != std::string_view::npos) {
    const auto query = query_of(pasted);
    ConsentAnswer answer{value_of(query, "state"), value_of(query, "code"),
                         value_of(query, "error")};
    return answer.complete() ? std::optional(std::move(answer)) : std::nullopt;
  }
  if (pasted.find_first_of(" \t:") != std::string_view::npos) return std::nullopt;
  return ConsentAnswer{value_of(query_of(link), "state"), std::string(pasted), {}};
}

}  // namespace tidemark::app
