// Many worlds, one after the other, and what is said of them.
#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <string>

#include "sim/world.h"

namespace tidemark::sim {

struct CampaignOptions {
  std::uint64_t first = 1;
  std::uint64_t last = 100;
  std::chrono::milliseconds at_most{0};  // no world is begun after so much real time; 0: no limit
  std::string store = "mixed";           // model, rocksdb, mixed
  milliseconds trouble{std::chrono::minutes(10)};
  bool keep_going = false;  // when a world went wrong
  std::string mutation{};   // the deliberate bug that is switched on; for what repeats a failure
  std::function<void(const std::string&)> trace{};
};

// True when every world came right. Prints the sums, and for the first world that went wrong (or
// each) what went wrong and the command that repeats it.
bool run_campaign(const CampaignOptions& options, std::ostream& out);

// Each deliberate bug in turn, until a world goes wrong. Prints a table. False when one was not
// found, or this build has none.
bool find_mutations(const CampaignOptions& options, std::ostream& out);

// Empty: none. False when there is no such bug.
bool choose_mutation(const std::string& name);
std::string mutation_names();

}  // namespace tidemark::sim
