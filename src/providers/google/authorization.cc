#include "providers/google/authorization.h"

#include <utility>

#include "base/text.h"
#include "providers/calendar_provider.h"
#include "providers/google/addresses.h"
#include "providers/google/form.h"
#include "providers/google/json_members.h"
#include "providers/google/token_endpoint.h"

namespace tidemark::google {
namespace {

std::string consent_link(const AccountSettings& settings, const ConsentRequest& request) {
  return consent_url(settings) + "?" +
         encode_fields({{"client_id", settings.oauth->client_id},
                        {"redirect_uri", request.redirect_uri},
                        {"response_type", "code"},
                        {"scope", settings.oauth->scope},
                        {"access_type", "offline"},
                        {"prompt", "consent"},
                        {"state", request.state},
                        {"code_challenge", request.code_challenge},
                        {"code_challenge_method", "S256"}});
}

// On Google's page each scope has a box of its own that can be left unticked.
Result<void> check_scope(const AccountSettings& settings, const Json& answer) {
  const std::string granted = text(answer, "scope");
  const auto given = split(granted, ' ');
  for (const auto& wanted : split(settings.oauth->scope, ' ')) {
    bool found = granted.empty();
    for (const auto& one : given) found |= one == wanted;
    if (found) continue;
    return fail(Errc::forbidden, "account " + settings.id +
                                     ": the access that was asked for was not given (" + wanted +
                                     "): connect again and tick every box on Google's page");
  }
  return {};
}

Result<Secret> redeem_code(const AccountSettings& settings, HttpClient& http,
                           const AuthorizationCode& code) {
  Fields form{{"grant_type", "authorization_code"},
              {"code", code.code.reveal()},
              {"redirect_uri", code.redirect_uri},
              {"code_verifier", code.verifier.reveal()}};
  add_client(*settings.oauth, form);
  TM_ASSIGN(const Json answer,
            ask_token_endpoint(http, settings, token_url(settings), form,
                               {"redeeming the authorization code",
                                "the code has expired or was used before; connect again"}));
  TM_TRY(check_scope(settings, answer));
  std::string token = text(answer, "refresh_token");
  if (token.empty()) {
    return fail(Errc::protocol_error,
                "account " + settings.id +
                    ": redeeming the authorization code: the answer has no refresh_token");
  }
  return Secret(std::move(token));
}

}  // namespace

const Authorization kAuthorization{consent_link, redeem_code};

}  // namespace tidemark::google
