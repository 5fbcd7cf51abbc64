// Accounts: what there is, adding and removing, and people's consent.
#include <algorithm>
#include <utility>

#include "accounts/account_service.h"
#include "api/account_body.h"
#include "api/handlers.h"
#include "api/tenant_name.h"
#include "api/turn.h"
#include "base/text.h"
#include "delivery/json_reader.h"
#include "sync/mirror.h"

namespace tidemark {
namespace {

using accounts::AccountService;
using accounts::Connection;

constexpr std::size_t kMaxCodeBytes = 2048;
constexpr int kMaxConsentsAtOnce = 4;

Json time_or_null(const std::optional<WallTime>& time) {
  return time ? Json(format_rfc3339(*time)) : Json(nullptr);
}

Json to_json(const Connection& connection, WallTime now) {
  const bool waits = connection.pending && now < connection.pending->expires;
  const bool failed = !connection.error_code.empty();
  Json value{{"state", waits                     ? "pending"
                       : failed                  ? "failed"
                       : connection.connected_at ? "connected"
                                                 : "none"},
             {"connected_at", time_or_null(connection.connected_at)},
             {"error_code", failed ? Json(connection.error_code) : Json(nullptr)},
             {"error", failed ? Json(connection.error) : Json(nullptr)}};
  if (waits) {
    value["expires_at"] = format_rfc3339(connection.pending->expires);
    value["redirect_uri"] = connection.pending->redirect_uri;
  }
  return value;
}

std::vector<AccountStatus>::const_iterator find_status(const std::vector<AccountStatus>& all,
                                                       const AccountDefinition& account) {
  return std::find_if(all.begin(), all.end(), [&](const AccountStatus& one) {
    return one.tenant == account.settings.tenant && one.id == account.settings.id;
  });
}

// Of an account that has not been looked at yet, as much as its definition says.
AccountStatus status_of(const std::vector<AccountStatus>& all, const AccountDefinition& account) {
  const AccountSettings& settings = account.settings;
  const auto found = find_status(all, account);
  if (found != all.end()) return *found;
  AccountStatus fresh;
  fresh.tenant = settings.tenant;
  fresh.id = settings.id;
  fresh.provider = settings.provider;
  fresh.state = "new";
  return fresh;
}

Result<Json> shown(const ApiParts& parts, const AccountStatus& status) {
  Json value = to_json(status);
  const auto account = parts.accounts.find(status.tenant, status.id);
  if (!account) return value;  // it is not configured any more
  TM_ASSIGN(const auto connection, parts.accounts.connection(status.tenant, status.id));
  value["added"] = connection.added();
  value["write"] = account->settings.write;
  value["connection"] = AccountService::needs_consent(*account)
                            ? to_json(connection, parts.clock.now())
                            : Json(nullptr);
  return value;
}

Result<ServerResponse> show(const ApiParts& parts, const AccountDefinition& account, int status) {
  TM_ASSIGN(const auto all, list_accounts(parts.store, account.settings.tenant));
  TM_ASSIGN(const Json value, shown(parts, status_of(all, account)));
  auto response = json_response(value, status);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

// Whose browser this is we do not know: it learns whether it worked, and nothing else.
ServerResponse page(int status, const std::string& title, const std::string& text) {
  ServerResponse response;
  response.status = status;
  response.content_type = "text/html; charset=utf-8";
  response.headers = {{"Cache-Control", "no-store"},
                      {"Referrer-Policy", "no-referrer"},
                      {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"}};
  response.body = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + title +
                  "</title></head><body><h1>" + title + "</h1><p>" + text + "</p></body></html>\n";
  return response;
}

// state and code, or the address that the browser was sent to, with both in it.
struct Answer {
  std::string state;
  std::string code;
  std::string error;
};

Result<Answer> read_answer(const Json& body) {
  delivery::ObjectReader reader(body, "");
  Answer answer{reader.text("state", "", kMaxCodeBytes), reader.text("code", "", kMaxCodeBytes),
                reader.text("error", "", kMaxCodeBytes)};
  TM_TRY(reader.finish());
  if (!answer.state.empty() && (answer.code.empty() != answer.error.empty())) return answer;
  return fail(Errc::invalid_argument,
              "give \"state\" and either \"code\" or \"error\", as the browser brought them");
}

Result<accounts::ConnectedAccount> take(const ApiParts& parts, const Answer& answer) {
  if (!answer.error.empty()) return parts.accounts.refuse(answer.state, answer.error);
  // Each asks the provider, and holds a thread of the server as long.
  const Turn turn(*parts.running_consents, kMaxConsentsAtOnce);
  if (!turn.got()) {
    return fail(Errc::overloaded, "other accounts are being connected right now; try again soon");
  }
  return parts.accounts.redeem(answer.state, Secret(answer.code));
}

}  // namespace

Result<ServerResponse> get_accounts(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(auto all, list_accounts(parts.store, call.tenant()));
  for (const auto& account : parts.accounts.list(call.tenant())) {
    if (find_status(all, account) == all.end()) all.push_back(status_of(all, account));
  }
  Json items = Json::array();
  for (const auto& status : all) {
    TM_ASSIGN(Json item, shown(parts, status));
    items.push_back(std::move(item));
  }
  return list_response(std::move(items));
}

Result<ServerResponse> get_account(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto account, parts.accounts.find(call.tenant(), call.capture("id")));
  return show(parts, account, 200);
}

Result<ServerResponse> post_account(const ApiParts& parts, const Call& call) {
  const std::string tenant = call.tenant().empty() ? std::string(kDefaultTenant) : call.tenant();
  if (!is_tenant_name(tenant)) {
    return fail(Errc::invalid_argument,
                "tenant must be 1 to 64 lower-case letters, digits, '_' or '-'");
  }
  TM_ASSIGN(const Json body, json_object(call.request()));
  TM_ASSIGN(const auto account, account_from_json(body, tenant, call.is_operator()));
  TM_TRY(parts.accounts.add(account));
  TM_ASSIGN(auto response, show(parts, account, 201));
  response.headers.emplace_back("Location", "/v1/accounts/" + account.settings.id);
  return response;
}

Result<ServerResponse> delete_account(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto account, parts.accounts.find(call.tenant(), call.capture("id")));
  TM_TRY(parts.accounts.remove(account.settings.tenant, account.settings.id));
  ServerResponse response;
  response.status = 204;
  return response;
}

Result<ServerResponse> post_account_connect(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto account, parts.accounts.find(call.tenant(), call.capture("id")));
  TM_ASSIGN(const Json body, json_object(call.request()));
  delivery::ObjectReader reader(body, "");
  std::string redirect = reader.text("redirect_uri", "", accounts::kMaxRedirectBytes);
  TM_TRY(reader.finish());
  if (redirect.empty()) redirect = parts.callback;
  if (redirect.empty()) {
    return fail(Errc::invalid_argument,
                "redirect_uri: is missing: say where the browser goes, or configure [server] "
                "public_url");
  }
  TM_ASSIGN(const auto consent, parts.accounts.connect(account.settings.tenant, account.settings.id,
                                                       std::move(redirect), {parts.callback}));
  auto response = json_response({{"link", consent.link},
                                 {"redirect_uri", consent.redirect_uri},
                                 {"expires_at", format_rfc3339(consent.expires)}});
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Result<ServerResponse> post_consent(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const Json body, json_object(call.request()));
  TM_ASSIGN(const Answer answer, read_answer(body));
  if (!call.tenant().empty() && !answer.state.starts_with(call.tenant() + ".")) {
    return fail(Errc::not_found, "no account of this tenant waits for this consent");
  }
  TM_ASSIGN(const auto connected, take(parts, answer));
  TM_ASSIGN(const auto account, parts.accounts.find(connected.tenant, connected.id));
  return show(parts, account, 200);
}

Result<ServerResponse> get_oauth_callback(const ApiParts& parts, const Call& call) {
  const Answer answer{call.text("state"), call.text("code"), call.text("error")};
  if (answer.state.empty() || (answer.code.empty() && answer.error.empty())) {
    return page(400, "Nothing to do",
                "This page is where a calendar provider sends the browser back to.");
  }
  const auto connected = take(parts, answer);
  if (connected && !answer.error.empty()) {
    return page(200, "Not connected", "Consent was not given. You can close this window.");
  }
  if (connected) {
    return page(200, "Connected", "The calendars are being read. You can close this window.");
  }
  const Errc code = connected.error().code;
  const bool ours = code == Errc::overloaded || retryable(code);
  return page(ours ? 503 : 400, "Not connected",
              ours ? "The provider could not be asked just now. Load this page again in a minute."
                   : "This link does not work (any more). Connect the account again; the reason "
                     "is in the log.");
}

}  // namespace tidemark
