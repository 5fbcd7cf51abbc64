#include "app/config_account.h"

#include <algorithm>
#include <fstream>

#include "accounts/service_account.h"
#include "api/suggest.h"
#include "app/config.h"
#include "app/config_secret.h"
#include "base/text.h"
#include "net/url.h"

namespace tidemark::app {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kMaxGlobs = 100;
constexpr std::size_t kMaxGlobBytes = 256;

std::vector<std::string> provider_names() {
  std::vector<std::string> names;
  for (const auto& provider : calendar_providers()) names.emplace_back(provider.name);
  return names;
}

// A subscribed calendar's URL is often its only protection, so what follows the host is masked.
std::string shown_url(const Url& url, std::string_view provider) {
  if (provider == "ics") return "\"" + url.origin() + "/********\"";
  return "\"" + url.origin() + url.path + (url.query.empty() ? "" : "?********") + "\"";
}

class AccountReader {
 public:
  AccountReader(ConfigReader& reader, ConfigSection section, std::string provider,
                bool keeps_secrets)
      : reader_(reader),
        section_(std::move(section)),
        provider_(std::move(provider)),
        keeps_secrets_(keeps_secrets) {}

  AccountDefinition read(const std::string& id);

 private:
  void read_place();
  void read_credentials();
  void read_write(const ProviderInfo* info);
  void read_oauth(std::string_view scope);
  std::optional<Secret> read_part(const std::string& key, std::string_view wanted);
  void read_selection();
  void read_schedule();

  ConfigReader& reader_;
  ConfigSection section_;
  std::string provider_;
  bool keeps_secrets_;
  AccountDefinition account_;
};

void AccountReader::read_place() {
  const auto url = section_.unshown_text("url");
  const auto path = section_.path("path");
  account_.settings.path = path.value;
  if (url.given) {
    if (const auto parsed = parse_url(url.value)) {
      account_.settings.url = url.value;
      reader_.show(section_.full("url"), shown_url(*parsed, provider_), url.origin);
    } else {
      section_.problem(url.origin, "url", parsed.error().message);
    }
  }
  const ProviderInfo* info = find_calendar_provider(provider_);
  if (info == nullptr) return;
  const std::string name(info->name);
  if (path.given && !info->takes_path) {
    section_.problem(path.origin, "path", "provider \"" + name + "\" takes no path; give its url");
  } else if (path.given && url.given) {
    section_.problem(path.origin, "path", "give either path or url, not both");
  } else if (!url.given && !path.given && (info->needs_url || info->takes_path)) {
    section_.problem(section_.origin(), "url",
                     info->takes_path
                         ? "is missing: provider \"" + name + "\" needs a url or a path"
                         : "is missing: provider \"" + name + "\" needs one");
  }
}

void AccountReader::read_credentials() {
  const auto username = section_.text("username");
  const std::size_t before = reader_.problems().size();
  // `password = "..."` is the mistake to catch by name; the value is never repeated.
  ConfigSection password = section_.child("password");
  auto secret = read_secret(reader_, password, "the password");
  const bool told = reader_.problems().size() > before;
  if (username.given && username.value.empty()) {
    section_.problem(username.origin, "username", "must not be empty");
  } else if (username.given && secret) {
    account_.settings.credentials = Credentials{username.value, std::move(*secret)};
  } else if (username.given && !told) {
    section_.problem(username.origin, "password",
                     "is missing: write { file = \"...\" } or { env = \"...\" }");
  } else if (secret) {
    section_.problem(section_.origin_of("password"), "username", "is missing beside the password");
  }
  if (!account_.settings.credentials || !account_.settings.url.starts_with("http://")) return;
  const auto url = parse_url(account_.settings.url);
  if (url && !is_loopback_address(url->host + ":" + std::to_string(url->port))) {
    reader_.warning(section_.origin_of("url"), section_.full("url"),
                    "the password travels in clear text over http; use https");
  }
}

std::optional<Secret> AccountReader::read_part(const std::string& key, std::string_view wanted) {
  ConfigSection section = section_.child(key);
  return read_secret(reader_, section, wanted);
}

// Either what a person has consented to, or a service account's key file.
void AccountReader::read_oauth(std::string_view scope) {
  OAuthSettings oauth;
  oauth.scope = scope;
  const auto client_id = section_.text("client_id");
  const auto subject = section_.text("subject");
  const std::size_t before = reader_.problems().size();
  const auto client_secret = read_part("client_secret", "the OAuth client's secret");
  const auto refresh_token = read_part("refresh_token", "the account's refresh token");
  const auto key_file = read_part("service_account", "the service account's key file");
  if (reader_.problems().size() > before) return;
  oauth.client_id = client_id.value;
  oauth.client_secret = client_secret.value_or(Secret());
  oauth.refresh_token = refresh_token.value_or(Secret());
  if (key_file) {
    if (client_id.given || client_secret || refresh_token) {
      section_.problem(section_.origin_of("service_account"), "service_account",
                       "stands alone: a service account has no client_id, client_secret or "
                       "refresh_token");
      return;
    }
    auto account = accounts::read_service_account(*key_file);
    if (!account) {
      section_.problem(section_.origin_of("service_account"), "service_account",
                       account.error().message);
      return;
    }
    account->subject = subject.value;
    oauth.service_account = std::move(*account);
  } else if (subject.given) {
    section_.problem(subject.origin, "subject", "is for a service account only");
  } else if (!client_id.given || client_id.value.empty()) {
    section_.problem(section_.origin(), "client_id",
                     "is missing: give client_id and client_secret, or a service_account");
  } else if (!refresh_token && !keeps_secrets_) {
    section_.problem(section_.origin(), "refresh_token",
                     "is missing: give it as { file = \"...\" } or { env = \"...\" }, or a "
                     "[secrets] master_key, under which `tidemark account connect` keeps one");
  }
  account_.settings.oauth = std::move(oauth);
}

// Nothing is changed on a server unless somebody has said that it may be.
void AccountReader::read_write(const ProviderInfo* info) {
  const auto write = section_.boolean("write", false);
  account_.settings.write = write.value;
  if (!write.value || info == nullptr || info->writes) return;
  section_.problem(write.origin, "write",
                   "provider \"" + std::string(info->name) + "\" only reads; remove it");
}

void AccountReader::read_selection() {
  const auto calendars = section_.texts("calendars", {"*"});
  if (calendars.given && calendars.value.empty()) {
    section_.problem(calendars.origin, "calendars",
                     "selects nothing; write [\"*\"] for all, or remove the account");
  }
  if (calendars.value.size() > kMaxGlobs) {
    section_.problem(calendars.origin, "calendars", "has more than 100 patterns");
  }
  for (const auto& glob : calendars.value) {
    const bool control =
        std::any_of(glob.begin(), glob.end(), [](unsigned char c) { return c < 32; });
    if (glob.empty() || glob.size() > kMaxGlobBytes || control || !is_valid_utf8(glob)) {
      section_.problem(calendars.origin, "calendars",
                       "a pattern is 1 to 256 bytes of text; * and ? stand for any characters");
    } else if (glob.find_first_of("[]{}") != std::string::npos) {
      reader_.warning(calendars.origin, section_.full("calendars"),
                      "\"" + glob + "\": only * and ? are special in a pattern, brackets are not");
    }
  }
  account_.calendars = calendars.value;

  const auto hosts = section_.texts("allowed_hosts", {});
  for (const auto& host : hosts.value) {
    const auto url = parse_url("https://" + host + "/");
    if (!url || url->path != "/" || !url->query.empty()) {
      section_.problem(hosts.origin, "allowed_hosts",
                       "write host names only, such as \"dav.example.com\" or "
                       "\"dav.example.com:8443\"");
    }
  }
  account_.settings.allowed_hosts = hosts.value;
}

void AccountReader::read_schedule() {
  SyncSchedule& schedule = account_.schedule;
  schedule.poll = section_.duration("poll", schedule.poll, seconds(1)).value;
  schedule.reconcile = section_.duration("reconcile", schedule.reconcile, minutes(1)).value;
  schedule.discover = section_.duration("discover", schedule.discover, seconds(1)).value;
  schedule.confirm_after =
      section_.duration("confirm_after", schedule.confirm_after, seconds(0)).value;
  account_.settings.timeout =
      section_.duration("timeout", account_.settings.timeout, seconds(1)).value;
}

AccountDefinition AccountReader::read(const std::string& id) {
  account_.settings.id = id;
  account_.settings.provider = provider_;
  const auto tenant = section_.text("tenant", "default");
  if (!is_valid_name(tenant.value)) {
    section_.problem(tenant.origin, "tenant", "must be 1 to 64 letters, digits, '_' or '-'");
  }
  account_.settings.tenant = to_lower_ascii(tenant.value);
  read_place();
  const ProviderInfo* info = find_calendar_provider(provider_);
  read_write(info);
  if (info != nullptr && !info->read_scope.empty()) {
    read_oauth(account_.settings.write ? info->write_scope : info->read_scope);
  } else {
    read_credentials();
  }
  const auto ca_file = section_.path("ca_file");
  if (ca_file.given && !std::ifstream(ca_file.value)) {
    section_.problem(ca_file.origin, "ca_file", "cannot read " + ca_file.value);
  }
  account_.settings.tls.ca_file = ca_file.value;
  read_selection();
  read_schedule();
  section_.finish();
  return std::move(account_);
}

}  // namespace

bool is_valid_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

AccountDefinition read_account(ConfigReader& reader, const TomlNode& table, std::size_t number,
                               bool keeps_secrets) {
  const Origin header{Origin::Kind::file, reader.file(), table.line, table.column};
  const TomlEntry* id = table.find("id");
  const bool usable =
      id != nullptr && id->value.kind == TomlNode::Kind::text && is_valid_name(id->value.text);
  const std::string label = usable ? to_lower_ascii(id->value.text) : std::to_string(number);
  ConfigSection section(reader, &table, "account." + label + ".", header);
  const auto given = section.text("id");
  if (!given.given) {
    if (id == nullptr) section.problem(header, "id", "is missing: every account needs one");
  } else if (!is_valid_name(given.value)) {
    section.problem(given.origin, "id", "must be 1 to 64 letters, digits, '_' or '-'");
  }
  const auto provider = section.text("provider");
  if (!provider.given) {
    if (table.find("provider") == nullptr) {
      section.problem(header, "provider", "is missing" + suggestion("", provider_names()));
    }
  } else if (find_calendar_provider(provider.value) == nullptr) {
    section.problem(provider.origin, "provider",
                    "\"" + provider.value + "\" is not one of them" +
                        suggestion(provider.value, provider_names()));
  }
  return AccountReader(reader, std::move(section), provider.value, keeps_secrets).read(label);
}

}  // namespace tidemark::app
