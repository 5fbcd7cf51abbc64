// Requests to the Calendar API of one account: with its access token, made anew once when it is
// refused (calendar rule 15), and held back while a quota is used up (rule 14). Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "net/http.h"
#include "providers/google/access_tokens.h"
#include "providers/google/form.h"
#include "providers/google/quota_gate.h"

namespace tidemark::google {

struct ApiRequest {
  std::string path;  // below the API's root, encoded: "/calendars/.../events"
  Fields query{};
  std::string doing;        // for messages: "listing calendars"
  bool with_token = false;  // the query has a sync or page token
  std::string method = "GET";
  std::string body{};  // JSON; empty: none
};

class ApiClient {
 public:
  ApiClient(HttpClient& http, const AccountSettings& settings, std::string api_root,
            std::shared_ptr<AccessTokens> tokens, std::shared_ptr<QuotaGate> project,
            std::function<WallTime()> now);

  // A GET; the body of a 2xx answer goes to `sink`. Errors are read_refusal()'s (api_error.h), the
  // tokens', the HTTP client's and the sink's.
  Result<void> get(const ApiRequest& request, const BodySink& sink) const;
  // A POST of the JSON; the body of the 2xx answer, which may be empty. Errors likewise.
  Result<std::string> post(ApiRequest request, const Json& body) const;

  const AccountSettings& settings() const { return settings_; }

 private:
  Result<HttpResponse> exchange(const ApiRequest& request, const BodySink& sink) const;
  Result<void> check_quota() const;
  Result<HttpResponse> send(const ApiRequest& request, const Secret& token,
                            const BodySink& sink) const;

  HttpClient& http_;
  const AccountSettings settings_;
  const std::string api_root_;
  const std::shared_ptr<AccessTokens> tokens_;
  const std::shared_ptr<QuotaGate> project_;
  const std::function<WallTime()> now_;
  mutable QuotaGate user_;
};

}  // namespace tidemark::google
