// Running recorded steps again: what replay and audit stand on.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/journal.h"
#include "engine/machine.h"
#include "store/store.h"

namespace tidemark {

// The step that wrote `record`, once more, with the same arguments. `state` and `rows` are those of
// the instance before it (empty: it did not exist). Fails as the step itself failed: a record with
// an error fails again with the same code.
Result<Transition<std::string>> rerun(const AnyMachine& machine, const JournalRecord& record,
                                      std::string_view input, std::string_view state,
                                      const RowReader& rows);

// Nothing when the transition is, hash by hash, what the record says; else what differs, in words.
std::optional<std::string> difference(const JournalRecord& record,
                                      const Transition<std::string>& transition);

// Replays a journal from its first record, in order, keeping states and rows in memory.
class Replayer {
 public:
  explicit Replayer(std::map<std::string, AnyMachine, std::less<>> machines)
      : machines_(std::move(machines)) {}

  // Errc::conflict, saying what differs, when this binary's machine does not do what was recorded.
  Result<void> replay(const JournalRecord& record, std::string_view input);

  const std::map<std::string, std::string>& rows_of(const InstanceId& instance) {
    return instances_[instance.value].rows;
  }

 private:
  struct Instance {
    std::string state;
    std::map<std::string, std::string> rows;
  };
  Result<void> apply(const JournalRecord& record, Instance& instance,
                     const Transition<std::string>& transition);

  std::map<std::string, AnyMachine, std::less<>> machines_;
  std::map<std::string, Instance> instances_;
};

}  // namespace tidemark
