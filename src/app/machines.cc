#include "app/machines.h"

#include "accounts/connection_machine.h"
#include "api/key_machine.h"
#include "audit/checkpoint_machine.h"
#include "audit/retention_machine.h"
#include "delivery/endpoint_machine.h"
#include "sync/account_machine.h"
#include "sync/calendar_machine.h"
#include "sync/watch_machine.h"
#include "vault/vault_machine.h"

namespace tidemark::app {

std::vector<AnyMachine> all_machines() {
  return {erase<KeyMachine>(),
          erase<accounts::ConnectionMachine>(),
          erase<VaultMachine>(),
          erase<audit::CheckpointMachine>(),
          erase<audit::RetentionMachine>(),
          erase<delivery::EndpointMachine>(),
          erase<sync::AccountMachine>(),
          erase<sync::CalendarMachine>(),
          erase<sync::WatchMachine>()};
}

}  // namespace tidemark::app
