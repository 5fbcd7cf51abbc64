#include "api/account_body.h"

#include <algorithm>
#include <utility>

#include "accounts/service_account.h"
#include "api/suggest.h"
#include "api/tenant_name.h"
#include "base/text.h"
#include "delivery/json_reader.h"
#include "net/url.h"

namespace tidemark {
namespace {

using delivery::ObjectReader;

constexpr std::size_t kMaxNameBytes = 64;
constexpr std::size_t kMaxTextBytes = 1024;
constexpr std::size_t kMaxSecretBytes = 16U << 10;
constexpr std::size_t kMaxGlobs = 100;
constexpr std::size_t kMaxGlobBytes = 256;
constexpr std::chrono::hours kLongest{24 * 366};

std::vector<std::string> provider_names() {
  std::vector<std::string> names;
  for (const auto& provider : calendar_providers()) names.emplace_back(provider.name);
  return names;
}

std::vector<std::string> read_globs(ObjectReader& reader) {
  const Json* list = reader.find("calendars");
  if (list == nullptr) return {"*"};
  const auto good = [](const Json& glob) {
    const auto* text = glob.get_ptr<const std::string*>();
    return text != nullptr && !text->empty() && text->size() <= kMaxGlobBytes;
  };
  if (!list->is_array() || list->empty() || list->size() > kMaxGlobs ||
      !std::all_of(list->begin(), list->end(), good)) {
    reader.refuse("calendars", "must be 1 to 100 patterns of 1 to 256 bytes, such as [\"*\"]");
    return {};
  }
  return list->get<std::vector<std::string>>();
}

// A key file may stand there as the object that it is, or as its text.
std::optional<ServiceAccount> read_key_file(ObjectReader& reader) {
  const Json* given = reader.find("service_account");
  const std::string subject = reader.text("subject", "", kMaxTextBytes);
  if (given == nullptr) {
    if (!subject.empty()) reader.refuse("subject", "is for a service account only");
    return std::nullopt;
  }
  const std::string file = given->is_string() ? given->get<std::string>() : dump_json(*given);
  auto account = accounts::read_service_account(Secret(file));
  if (!account) {
    reader.refuse("service_account", account.error().message);
    return std::nullopt;
  }
  account->subject = subject;
  return std::move(*account);
}

OAuthSettings read_oauth(ObjectReader& reader, std::string_view scope) {
  OAuthSettings oauth;
  oauth.scope = scope;
  oauth.client_id = reader.text("client_id", "", kMaxTextBytes);
  oauth.client_secret = Secret(reader.text("client_secret", "", kMaxSecretBytes));
  oauth.refresh_token = Secret(reader.text("refresh_token", "", kMaxSecretBytes));
  oauth.service_account = read_key_file(reader);
  const bool has_client = !oauth.client_id.empty();
  if (oauth.service_account &&
      (has_client || !oauth.client_secret.empty() || !oauth.refresh_token.empty())) {
    reader.refuse("service_account",
                  "stands alone: a service account has no client_id, client_secret or "
                  "refresh_token");
  } else if (!oauth.service_account && !has_client) {
    reader.refuse("client_id",
                  "is missing: give client_id and client_secret, or a "
                  "service_account");
  }
  return oauth;
}

std::optional<Credentials> read_password(ObjectReader& reader) {
  Credentials credentials;
  credentials.username = reader.text("username", "", kMaxTextBytes);
  credentials.password = Secret(reader.text("password", "", kMaxSecretBytes));
  if (credentials.username.empty() != credentials.password.empty()) {
    reader.refuse("password", "goes with a username: give both, or neither");
  }
  if (credentials.username.empty()) return std::nullopt;
  return credentials;
}

std::string read_url(ObjectReader& reader, const ProviderInfo& info, bool may_choose_url) {
  std::string url = reader.text("url", "", kMaxTextBytes);
  if (url.empty()) {
    if (info.needs_url || info.takes_path) {
      reader.refuse("url", "is missing: provider \"" + std::string(info.name) + "\" needs one");
    }
    return url;
  }
  if (const auto parsed = parse_url(url); !parsed) {
    reader.refuse("url", parsed.error().message);
  } else if (!may_choose_url) {
    reader.refuse("url",
                  "an address is the operator's to give: use the command line, or the "
                  "configuration");
  }
  return url;
}

SyncSchedule read_schedule(ObjectReader& reader) {
  using std::chrono::minutes;
  using std::chrono::seconds;
  SyncSchedule schedule;
  schedule.poll = reader.duration("poll", schedule.poll, seconds(1), kLongest);
  schedule.reconcile = reader.duration("reconcile", schedule.reconcile, minutes(1), kLongest);
  schedule.discover = reader.duration("discover", schedule.discover, seconds(1), kLongest);
  return schedule;
}

}  // namespace

Result<AccountDefinition> account_from_json(const Json& body, std::string_view tenant,
                                            bool may_choose_url) {
  ObjectReader reader(body, "");
  AccountDefinition account;
  AccountSettings& settings = account.settings;
  settings.tenant = tenant;
  settings.id = reader.text("id", "", kMaxNameBytes);
  if (!is_tenant_name(settings.id)) {
    reader.refuse("id", "must be 1 to 64 lower-case letters, digits, '_' or '-'");
  }
  settings.provider = reader.text("provider", "", kMaxNameBytes);
  const ProviderInfo* info = find_calendar_provider(settings.provider);
  if (info == nullptr) {
    // Which members it may have, a provider says: nothing else can be checked.
    return fail(delivery::problem_at(
        "provider",
        "must be the name of a provider" + suggestion(settings.provider, provider_names())));
  }
  settings.write = reader.flag("write", false);
  if (settings.write && !info->writes) {
    reader.refuse("write", "provider \"" + settings.provider + "\" can only be read");
  }
  settings.url = read_url(reader, *info, may_choose_url);
  if (info->read_scope.empty()) {
    settings.credentials = read_password(reader);
  } else {
    settings.oauth = read_oauth(reader, settings.write ? info->write_scope : info->read_scope);
  }
  account.calendars = read_globs(reader);
  account.schedule = read_schedule(reader);
  TM_TRY(reader.finish());
  return account;
}

}  // namespace tidemark
