// The events of a simulated CalDAV server, as iCalendar text.
#pragma once

#include <cstdint>
#include <string>

namespace tidemark::sim {

// The line with a user's note begins so.
inline const std::string kNote = "LOCATION:room ";

// What stands between the first `open` and the `close` after it; "" when there is none.
std::string between(const std::string& text, const std::string& open, const std::string& close);
// The rest of the first line that begins with `name`.
std::string line_of(const std::string& body, const std::string& name);
// What the version decides: the time, whether it recurs, how long its text is.
std::string body_of(const std::string& tenant, const std::string& uid, std::uint64_t version);
// The same event under another PRODID, and marked as seen.
std::string rewritten(std::string body);

}  // namespace tidemark::sim
