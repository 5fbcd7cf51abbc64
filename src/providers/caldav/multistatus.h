// Reads a WebDAV multistatus document (RFC 4918 section 13) while it arrives.
//
// Rows are handed on as soon as they are complete, so memory holds one row at a time. The document
// is hostile until proven otherwise: document types and entities are refused, depth, attributes and
// text have limits. Not thread-safe; one parser reads one document.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tidemark::caldav {

// The properties Tidemark asks for, from those propstats of a row whose status is 2xx.
struct DavProperties {
  std::optional<std::string> etag{};
  std::optional<std::string> calendar_data{};  // as sent, line ends normalised by XML to LF
  bool calendar_data_too_large = false;        // above the limit; its text was dropped
  std::optional<std::string> display_name{};
  std::optional<std::string> color{};
  std::optional<std::string> description{};
  std::optional<std::string> ctag{};
  std::optional<std::string> sync_token{};  // of a collection (RFC 6578 section 4)
  bool is_collection = false;
  bool is_calendar = false;
  bool is_scheduling = false;                            // a schedule inbox or outbox (RFC 6638)
  std::optional<std::vector<std::string>> components{};  // upper case
  std::optional<std::vector<std::string>> privileges{};
  std::vector<std::string> principals{};
  std::vector<std::string> home_sets{};
};

struct DavRow {
  std::vector<std::string> hrefs{};  // as written; a row with a status may name several
  int status = 0;                    // of the row itself; 0: it has propstats instead
  DavProperties properties{};
  std::vector<std::string> conditions{};  // local names below <error>
};

using RowHandler = std::function<Result<void>(DavRow&& row)>;

struct MultistatusLimits {
  std::uint64_t calendar_data_bytes = 10ULL << 20;
  std::size_t text_bytes = 64U << 10;  // any other property
  std::size_t depth = 64;
  std::size_t attributes = 64;
  std::size_t token_bytes = 1U << 20;  // one tag or comment
};

class MultistatusParser {
 public:
  MultistatusParser(MultistatusLimits limits, RowHandler handler);
  ~MultistatusParser();
  MultistatusParser(const MultistatusParser&) = delete;
  MultistatusParser& operator=(const MultistatusParser&) = delete;

  // Errc::protocol_error: no multistatus at all (an HTML page). Errc::parse_error: it began as one
  // and broke. Errc::limit_exceeded: a limit above. The handler's error comes back as it is.
  Result<void> feed(std::string_view piece);
  // After the last piece; an unfinished document is Errc::parse_error.
  Result<void> finish();

  const std::string& sync_token() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The local names below the root of <D:error> (RFC 4918 section 16); empty when it is no such body.
std::vector<std::string> error_conditions(std::string_view body);

}  // namespace tidemark::caldav
