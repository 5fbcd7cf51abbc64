// What goes wrong at Google by itself, and the operator who mends what does not mend itself.
#pragma once

#include <string>

#include "sim/google_site.h"
#include "sim/stage.h"
#include "sim/tenant.h"

namespace tidemark::sim {

class GoogleTrouble {
 public:
  GoogleTrouble(Stage& stage, GoogleSite& site, AccountSettings settings, Reconfigure reconfigure);

  void strike();
  // Everything that would go on for ever ends.
  void cease();

 private:
  const std::string& any_calendar() const;
  void lose_sync_token();
  void forbid();
  void permit(const std::string& id);
  void revoke();
  void authorize_again();
  void list_differently();

  Stage& stage_;
  GoogleSite& site_;
  AccountSettings settings_;
  const Reconfigure reconfigure_;
  bool revoked_ = false;
};

}  // namespace tidemark::sim
