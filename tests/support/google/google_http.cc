#include "support/google/google_http.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "net/url.h"

namespace tidemark::test {

void FakeGoogleClient::set_trouble(Trouble trouble) {
  const std::lock_guard lock(mutex_);
  trouble_ = std::move(trouble);
}

Result<HttpResponse> FakeGoogleClient::send(const HttpRequest& request, const BodySink& sink) {
  TM_TRY(parse_url(request.url));
  Trouble trouble;
  {
    const std::lock_guard lock(mutex_);
    trouble = trouble_;
  }
  if (auto error = trouble ? trouble(request) : std::nullopt) return fail(std::move(*error));
  HttpResponse response = google_.handle(request);
  const bool sunk = sink && response.status >= 200 && response.status < 300;
  if (!sunk && request.keep_body_bytes) {
    response.body.resize(std::min(response.body.size(), *request.keep_body_bytes));
  }
  if (response.body.size() > request.max_body_bytes) {
    return fail(Errc::limit_exceeded, "the fake's answer is longer than max_body_bytes");
  }
  if (!sunk) return response;
  const std::string body = std::exchange(response.body, {});
  for (std::size_t at = 0; at < body.size(); at += piece_bytes_) {
    TM_TRY(sink(std::string_view(body).substr(at, piece_bytes_)));
  }
  return response;
}

FakeGoogleServer::FakeGoogleServer(FakeGoogle& google)
    : google_(google), server_([this](const RawRequest& request, RawConnection& connection) {
        answer(request, connection);
      }) {}

void FakeGoogleServer::answer(const RawRequest& raw, RawConnection& connection) {
  HttpRequest request;
  request.method = raw.method;
  // The address the client used: it is the audience of its assertions.
  request.url = "http://" + raw.header("host") + raw.target;
  request.headers.assign(raw.headers.begin(), raw.headers.end());
  request.body = raw.body;
  const HttpResponse response = google_.handle(request);
  std::string headers;
  for (const auto& [name, value] : response.headers) {
    headers.append(name).append(": ").append(value).append("\r\n");
  }
  connection.reply(response.status, response.body, headers);
}

}  // namespace tidemark::test
