// What an event says, as one text: read from Google's item, and from the canonical event that
// Tidemark made of it. Two readings of their own, which share nothing with the provider.
#pragma once

#include <set>
#include <string>

#include "base/json.h"

namespace tidemark::sim {

// An instance that was taken out of its series.
inline constexpr const char* kTakenOut = "x";

// Of an item that is listed and no tombstone. kTakenOut: of a cancelled instance.
std::string reading_of_item(const Json& item);

struct ToldReading {
  std::string id;
  std::string master;  // of an instance
  std::string state;
  std::set<std::string> taken_out;  // ids of the master's instances
};
// Of a canonical event. A state that ends in '!' contradicts itself.
ToldReading reading_of_told(const Json& event);

}  // namespace tidemark::sim
