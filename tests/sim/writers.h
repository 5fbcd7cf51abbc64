// Clients who change their tenant's events through the process: they ask under an idempotency key
// until they are told that it is accepted or refused. What came of it the feed says.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/stage.h"
#include "sim/tenant.h"
#include "sync/mirror.h"
#include "sync/sync_service.h"

namespace tidemark::sim {

class Process;

// Titles from here on are theirs.
inline constexpr std::uint64_t kFirstWritten = 1'000'000;

struct Command {
  WriteRequest request;
  std::uint64_t version = 0;           // the title asked for; 0: a deletion
  std::optional<std::uint64_t> based;  // on the event with that title, and no other
  // What the mirror had of the event, and of its series, whenever it was asked for.
  std::set<std::uint64_t> seen{};
  std::string id{};  // "wrt_...", once it is accepted
  std::string correlation_id{};
  bool refused = false;
  Errc why_refused{};
  bool unreadable = false;  // the event was quarantined when it was refused

  bool answered() const { return refused || !id.empty(); }
};

class Writers {
 public:
  Writers(Stage& stage, const std::vector<Tenant>& tenants, std::function<Process*()> process)
      : stage_(stage), tenants_(tenants), process_(std::move(process)) {}

  // One of them wants something.
  void write();
  // Whoever waits for an answer of a process that is gone asks again.
  void process_ended();
  bool all_answered() const;
  // They stay where they are.
  const std::deque<Command>& commands() const { return commands_; }

 private:
  std::optional<Command> create(const Tenant& tenant);
  std::optional<Command> change(const Process& process, const Tenant& tenant,
                                const CalendarStatus& calendar);
  // What the mirror has of the event; whether it has it, and what can be written of it.
  bool look(Command& command) const;
  void ask(Command& command);
  void ask_later(Command& command);
  bool is_quarantined(const Command& command) const;
  // `there`: before and after it was asked for, the mirror had what it is about.
  void answered(Command& command, const Result<AcceptedWrite>& accepted, bool there);

  Stage& stage_;
  const std::vector<Tenant>& tenants_;
  const std::function<Process*()> process_;
  std::deque<Command> commands_;
};

}  // namespace tidemark::sim
