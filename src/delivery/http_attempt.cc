#include "delivery/http_attempt.h"

#include <algorithm>
#include <utility>

#include "delivery/message_format.h"

namespace tidemark::delivery {
namespace {

constexpr std::uint64_t kMaxAnswerRead = 64U << 10;
constexpr std::chrono::seconds kMaxConnectTime{10};

std::string shortened(std::string text, std::size_t bytes) {
  if (text.size() > bytes) text.resize(bytes);
  return text;
}

}  // namespace

Result<HttpRequest> request_for(const EndpointConfig& config, const FeedLine& event,
                                const std::vector<SigningKey>& keys, std::string_view version,
                                WallTime now) {
  const std::int64_t unix_seconds =
      std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  TM_ASSIGN(auto message,
            make_message({config.format, event.id, unix_seconds, keys, config.headers, version},
                         event.json));
  HttpRequest request;
  request.method = "POST";
  request.url = config.url;
  request.headers = std::move(message.headers);
  request.body = std::move(message.body);
  request.connect_timeout = std::min<milliseconds>(config.timeout, kMaxConnectTime);
  request.total_timeout = config.timeout;
  request.stall_timeout = config.timeout;
  request.max_body_bytes = kMaxAnswerRead;
  request.keep_body_bytes = kMaxKeptAnswerBytes;
  return request;
}

AttemptResult result_of(Result<HttpResponse> answer, WallTime now, milliseconds latency) {
  AttemptResult result;
  Attempt& attempt = result.attempt;
  attempt.at = now;
  attempt.latency_ms =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(latency.count(), 0, UINT32_MAX));
  if (!answer) {
    attempt.error = shortened(std::move(answer).error().message, kMaxAttemptErrorBytes);
    return result;
  }
  attempt.status = static_cast<std::uint32_t>(std::max(answer->status, 0));
  if (answer->status == 429 || answer->status == 503) {
    result.retry_after = retry_after(answer->headers, now);
  }
  if (!attempt.succeeded()) {
    attempt.answer = shortened(std::move(answer->body), kMaxKeptAnswerBytes);
  }
  return result;
}

}  // namespace tidemark::delivery
