// Holds what became of the clients' commands to what they asked for and what the server had.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "domain/event.h"
#include "sim/writers.h"

namespace tidemark::sim {

class WriteAuditor {
 public:
  WriteAuditor(Stage& stage, const std::vector<Tenant>& tenants,
               const std::deque<Command>& commands)
      : stage_(stage), tenants_(tenants), commands_(commands) {}

  // At the end: every command that was accepted has ended once, and as the feed says.
  void check(const StoreView& view);

 private:
  void read(const StoreView& view, const std::string& tenant);
  void follow(const Event& event);
  void check_same_commit(const Event& end) const;
  void check(const Tenant& tenant, const Command& command);
  void check_failure(const Tenant& tenant, const Command& command, const Event& end);
  void check_done(const Tenant& tenant, const Command& command);
  void check_place(const Tenant& tenant, const Command& command);
  void check_told(const Tenant& tenant, const Command& command);
  void wrong(const Command& command, const std::string& what) const;

  Stage& stage_;
  const std::vector<Tenant>& tenants_;
  const std::deque<Command>& commands_;
  std::map<std::string, Event> ends_;  // by the command's id
  struct Told {
    bool as_created = false;
    std::string correlation_id;
  };
  std::map<std::string, std::map<std::string, Told>> first_told_;  // by title, then by calendar
  // By calendar and event, while the feed is read: the title it has; null: it was told, and is
  // gone.
  std::map<std::string, Json> titles_;
};

}  // namespace tidemark::sim
