// Holds every change that a process has made at a server to the command that asked for it: what
// others did is never lost unseen, and a command meets a conflict only where there was one.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "domain/event.h"
#include "sim/writers.h"

namespace tidemark::sim {

// The event that this is an instance of, or itself. A series is one resource of the mirror: what is
// done to one part of it makes another version.
std::string series_of(const std::string& event);
inline bool is_instance(const std::string& event) {
  return series_of(event) != event;
}

class EditAuditor {
 public:
  // `ends`: what the feed says of the tenant's commands, by their ids.
  EditAuditor(Stage& stage, const Tenant& tenant, const std::deque<Command>& commands,
              const std::map<std::string, Event>& ends)
      : stage_(stage), tenant_(tenant), commands_(commands), ends_(ends) {}

  void check() const;

 private:
  void check_change(const std::string& event, const EventChange& change) const;
  void check_refusal(const Command& command) const;
  void check_conflict(const Command& command) const;
  void check_deletion(const Command& command) const;
  void wrong(const std::string& what) const { stage_.violated("edits", tenant_.name + what); }

  Stage& stage_;
  const Tenant& tenant_;
  const std::deque<Command>& commands_;
  const std::map<std::string, Event>& ends_;
};

}  // namespace tidemark::sim
