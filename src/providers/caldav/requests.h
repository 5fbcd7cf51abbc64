// The XML bodies Tidemark sends (RFC 4918, 4791, 6578). Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tidemark::caldav {

// Who am I, and is this a calendar: asked at Depth 0 of any URL while discovering.
std::string principal_propfind();
// What a calendar list needs, at Depth 1 of a home set. It leaves out getctag and sync-token, which
// make some servers read every resource.
std::string calendars_propfind();
std::string etags_propfind();
std::string ctag_propfind();
// What to begin incremental syncing from (RFC 6578 section 4).
std::string sync_token_propfind();
// The cheapest question a collection can answer.
std::string exists_propfind();

// token empty: everything. No limit is asked for: one server answers a limit with a whole-response
// 507, another pages by itself anyway.
std::string sync_collection_report(std::string_view token, bool with_data);
enum class QueryScope { events, everything };  // everything: tasks and notes as well
std::string calendar_query_report(QueryScope scope);
// hrefs: keys (see href.h); they are encoded here.
std::string multiget_report(const std::vector<std::string>& keys);

std::string escape_xml(std::string_view text);

}  // namespace tidemark::caldav
