#include "providers/calendar_writer.h"

#include "base/sha256.h"

namespace tidemark {

std::string new_event_name(const std::string& key) {
  return "tm" + to_hex(sha256(key)).substr(0, 32);
}

}  // namespace tidemark
