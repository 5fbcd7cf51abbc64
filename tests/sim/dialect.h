// The dialects of WebDAV in which real CalDAV servers speak.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sim/random.h"

namespace tidemark::sim {

// What servers do differently; see "What five servers did" of the design's research.
struct Dialect {
  std::string name;
  enum class BadToken : std::uint8_t { refuse_403, fail_500, list_all } bad_token{};
  enum class Etags : std::uint8_t { unique, same_for_new, weak, none, content } etags{};
  std::size_t page = 0;              // resources in an answer, then 507; 0: no paging
  bool sync_collection = true;       // else ETags and a CTag are all there is
  bool tokens_name_content = false;  // with what was put back the former token comes back
  bool token_property = true;        // a PROPFIND tells the sync token
  bool data_in_report = true;        // calendar-data in sync-collection's own answer
  bool query_has_data = true;        // calendar-query brings bodies
  bool omits_missing = false;        // multiget says nothing about what is gone
  bool lists_itself = false;         // the collection is a row of its own listing
  bool tells_deleted_first = false;  // 404 rows for an empty token
  bool repeats_unchanged = false;    // rows of what has not changed
  bool rewrites_puts = false;        // keeps what it is sent in words of its own
  bool raw_hrefs = false;            // '@' and blanks as they are
  bool absolute_hrefs = false;

  // Radicale, Xandikos, Cyrus, DAViCal, SOGo, a paging one, one without sync-collection, a mixture.
  static Dialect any(Random& random);
};

}  // namespace tidemark::sim
