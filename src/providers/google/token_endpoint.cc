#include "providers/google/token_endpoint.h"

#include <utility>

#include "base/text.h"
#include "providers/google/json_members.h"
#include "providers/redirects.h"

namespace tidemark::google {
namespace {

constexpr std::uint64_t kMaxAnswerBytes = 64U << 10;

Error refusal(const HttpResponse& response, const std::string& where,
              const std::string& invalid_grant) {
  const auto answer = parse_json(response.body);
  const bool readable = answer && answer->is_object();
  const std::string code = readable ? text(*answer, "error") : "";
  const std::string said = readable ? text(*answer, "error_description") : "";
  std::string message = where + ": HTTP " + std::to_string(response.status);
  if (!code.empty()) message += " " + to_valid_utf8(code.substr(0, 100));
  if (!said.empty()) message += " (\"" + to_valid_utf8(said.substr(0, 200)) + "\")";
  const bool busy = response.status == 429 || response.status >= 500;
  if (busy) return {Errc::unavailable, message, retry_after(response.headers)};
  message +=
      ": " + (code == "invalid_grant" ? invalid_grant
                                      : "check the account's client id, client secret and scope");
  return {Errc::unauthorized, message, std::nullopt};
}

}  // namespace

Result<Json> ask_token_endpoint(HttpClient& http, const AccountSettings& settings,
                                const std::string& url, const Fields& form,
                                const TokenQuestion& question) {
  const std::string where = "account " + settings.id + ": " + question.doing;
  HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", "application/json"}};
  request.body = encode_fields(form);
  request.tls = settings.tls;
  request.total_timeout = settings.timeout;
  request.max_body_bytes = kMaxAnswerBytes;
  auto response = http.send(request);
  if (!response) return fail(in_context(where, std::move(response).error()));
  if (response->status != 200) return fail(refusal(*response, where, question.invalid_grant));
  auto answer = parse_json(response->body);
  if (!answer || !answer->is_object() || text(*answer, "access_token").empty()) {
    return fail(Errc::protocol_error, where + ": the answer has no access_token");
  }
  return answer;
}

void add_client(const OAuthSettings& oauth, Fields& form) {
  form.emplace_back("client_id", oauth.client_id);
  if (!oauth.client_secret.empty()) {
    form.emplace_back("client_secret", oauth.client_secret.reveal());
  }
}

}  // namespace tidemark::google
