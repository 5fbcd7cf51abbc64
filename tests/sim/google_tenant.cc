#include "providers/google/google_provider.h"
#include "sim/google_auditor.h"
#include "sim/google_editors.h"
#include "sim/google_trouble.h"
#include "sim/tenant.h"

namespace tidemark::sim {

Tenant make_google_tenant(Stage& stage, const std::string& name, GoogleTraffic& traffic,
                          const PushSettings& push, Reconfigure reconfigure) {
  const bool writable = stage.random.chance(750);
  auto site = std::make_unique<GoogleSite>(stage, name, traffic, push, writable);
  Tenant tenant;
  tenant.renews_within = site->push().renews_within();
  tenant.name = name;
  auto& settings = tenant.account.settings;
  settings.tenant = name;
  settings.id = kAccount;
  settings.provider = "google";
  settings.url = site->origin();
  settings.oauth.emplace();
  settings.oauth->client_id = "client";
  settings.oauth->client_secret = Secret("hush");
  settings.oauth->refresh_token = Secret(site->grant());
  settings.oauth->scope = site->scope();
  settings.write = writable;
  auto trouble = std::make_shared<GoogleTrouble>(stage, *site, settings, std::move(reconfigure));
  for (const std::string id : {"home", "team/äé"}) {
    auto& calendar = site->calendars()[id];
    calendar.id = id;
    calendar.name = "The " + id;
    site->show(calendar);
  }
  stage.say(name + " is at Google" + (writable ? ", and writes" : ""));
  tenant.editors = std::make_unique<GoogleEditors>(stage, *site);
  tenant.mirror = std::make_unique<GoogleAuditor>(stage, *site);
  tenant.trouble = [trouble] { trouble->strike(); };
  tenant.mend = [trouble] { trouble->cease(); };
  tenant.upstream = std::move(site);
  return tenant;
}

}  // namespace tidemark::sim
