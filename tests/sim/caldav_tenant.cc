#include "sim/caldav_auditor.h"
#include "sim/caldav_editors.h"
#include "sim/tenant.h"

namespace tidemark::sim {

Tenant make_caldav_tenant(Stage& stage, const std::string& name) {
  auto& random = stage.random;
  auto server = std::make_unique<CalendarServer>(name, Dialect::any(random), random);
  for (auto count = 1 + random.below(2); count > 0; --count) {
    const std::string calendar = count == 1 ? "home" : "team";
    server->calendars()[calendar].name = calendar;
  }
  // Where the ETag of another event is the same nobody can know what he changes.
  const bool writable =
      server->dialect().etags != Dialect::Etags::same_for_new && random.chance(750);
  stage.say(name + " speaks " + server->dialect().name + (writable ? ", and is written" : ""));
  Tenant tenant;
  tenant.account.settings.write = writable;
  tenant.name = name;
  tenant.account.settings.tenant = name;
  tenant.account.settings.id = kAccount;
  tenant.account.settings.provider = "caldav";
  tenant.account.settings.url = server->origin() + "/dav/";
  tenant.editors = std::make_unique<CalDavEditors>(stage, *server);
  tenant.mirror = std::make_unique<CalDavAuditor>(stage, *server);
  tenant.upstream = std::move(server);
  return tenant;
}

}  // namespace tidemark::sim
