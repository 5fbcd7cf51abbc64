// Where a pull goes on: the position inside a pass and what the server was seen to be able to do.
// Stored as a JSON object {"v": 1, ...}; absent members have the defaults below.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace tidemark::caldav {

inline constexpr std::size_t kFirstBatch = 50;

struct Cursor {
  std::string token{};  // of sync-collection; empty: none
  std::string ctag{};   // read before the listing it vouches for

  // Inside a pass.
  bool full = false;    // the pass lists everything
  bool bodies = false;  // announced bodies are being fetched
  bool more = false;    // the listing has further pages, behind `token`
  bool suspicious = false;
  bool slow = false;                // multiget takes long for each href
  bool queried = false;             // the calendar-query that replaces slow multigets was tried
  std::size_t batch = kFirstBatch;  // hrefs of the next multiget

  // What the server cannot do.
  bool no_data_in_report = false;
  bool no_sync_collection = false;
  bool no_multiget = false;

  bool operator==(const Cursor&) const = default;

  // For the next incremental pass: what belongs to this pass only is left out.
  Cursor at_rest() const;
};

std::string to_string(const Cursor& cursor);
// Errc::stale_cursor for what this version did not write: a full pass mends it.
Result<Cursor> parse_cursor(const std::string& text);

}  // namespace tidemark::caldav
