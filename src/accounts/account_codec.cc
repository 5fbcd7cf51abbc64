#include "accounts/account_codec.h"

#include <utility>

namespace tidemark::accounts {
namespace {

Json to_json(const SyncSchedule& schedule) {
  return {{"poll", schedule.poll.count()},
          {"reconcile", schedule.reconcile.count()},
          {"discover", schedule.discover.count()},
          {"confirm_after", schedule.confirm_after.count()}};
}

// Any exception of the JSON library means one thing: these bytes are not ours.
AccountDefinition read(const Json& value, std::string_view tenant, std::string_view id) {
  AccountDefinition account;
  AccountSettings& settings = account.settings;
  settings.tenant = tenant;
  settings.id = id;
  settings.provider = value.at("provider").get<std::string>();
  settings.url = value.at("url").get<std::string>();
  settings.write = value.at("write").get<bool>();
  if (const auto username = value.find("username"); username != value.end()) {
    settings.credentials = Credentials{username->get<std::string>(), {}};
  }
  if (const auto oauth = value.find("oauth"); oauth != value.end()) {
    settings.oauth.emplace();
    settings.oauth->client_id = oauth->at("client_id").get<std::string>();
    settings.oauth->scope = oauth->at("scope").get<std::string>();
    if (const auto service = oauth->find("service_account"); service != oauth->end()) {
      settings.oauth->service_account = ServiceAccount{service->at("email").get<std::string>(),
                                                       {},
                                                       {},
                                                       service->at("subject").get<std::string>()};
    }
  }
  account.calendars = value.at("calendars").get<std::vector<std::string>>();
  const Json& schedule = value.at("schedule");
  const auto duration = [&](const char* name) {
    return std::chrono::milliseconds(schedule.at(name).get<std::int64_t>());
  };
  account.schedule = {duration("poll"), duration("reconcile"), duration("discover"),
                      duration("confirm_after")};
  return account;
}

}  // namespace

Json to_json(const AccountDefinition& account) {
  const AccountSettings& settings = account.settings;
  Json value{{"provider", settings.provider},
             {"url", settings.url},
             {"write", settings.write},
             {"calendars", account.calendars},
             {"schedule", to_json(account.schedule)}};
  if (settings.credentials) value["username"] = settings.credentials->username;
  if (settings.oauth) {
    Json& oauth = value["oauth"];
    oauth = {{"client_id", settings.oauth->client_id}, {"scope", settings.oauth->scope}};
    if (const auto& service = settings.oauth->service_account) {
      oauth["service_account"] = {{"email", service->email}, {"subject", service->subject}};
    }
  }
  return value;
}

Result<AccountDefinition> definition_from_json(const Json& value, std::string_view tenant,
                                               std::string_view id) {
  try {
    return read(value, tenant, id);
  } catch (const Json::exception& error) {
    return fail(Errc::corrupt, "the stored account " + std::string(id) + " of tenant " +
                                   std::string(tenant) + " cannot be read: " + error.what());
  }
}

}  // namespace tidemark::accounts
