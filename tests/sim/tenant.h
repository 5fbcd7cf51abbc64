// A tenant of a world: its account, the server of its calendars, who edits them and who audits what
// becomes of them.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sim/editors.h"
#include "sim/google_push.h"
#include "sim/google_traffic.h"
#include "sim/mirror_auditor.h"
#include "sim/upstream.h"
#include "sync/sync_service.h"

namespace tidemark::sim {

struct Tenant {
  std::string name;
  AccountDefinition account;
  std::unique_ptr<Upstream> upstream;
  std::unique_ptr<Editors> editors;
  std::unique_ptr<MirrorAuditor> mirror;
  // Goes wrong upstream, all by itself; how often it is asked to. Null: nothing does.
  std::function<void()> trouble{};
  // An end to what has gone wrong there.
  std::function<void()> mend{};
  // For how long there has to be peace until all that ends has been replaced.
  milliseconds renews_within{0};
};

// The operator has changed the account, and restarts the process for it.
using Reconfigure = std::function<void(const AccountSettings&)>;

Tenant make_caldav_tenant(Stage& stage, const std::string& name);
Tenant make_google_tenant(Stage& stage, const std::string& name, GoogleTraffic& traffic,
                          const PushSettings& push, Reconfigure reconfigure);

}  // namespace tidemark::sim
