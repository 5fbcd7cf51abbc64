#include "providers/caldav/cursor.h"

#include <algorithm>

#include "base/json.h"

namespace tidemark::caldav {
namespace {

constexpr int kVersion = 1;
constexpr std::size_t kMaxBatch = 1000;

struct Flag {
  const char* name;
  bool Cursor::*member;
};

constexpr Flag kFlags[] = {
    {"full", &Cursor::full},
    {"bodies", &Cursor::bodies},
    {"more", &Cursor::more},
    {"suspicious", &Cursor::suspicious},
    {"slow", &Cursor::slow},
    {"queried", &Cursor::queried},
    {"no_data_in_report", &Cursor::no_data_in_report},
    {"no_sync_collection", &Cursor::no_sync_collection},
    {"no_multiget", &Cursor::no_multiget},
};

}  // namespace

Cursor Cursor::at_rest() const {
  Cursor rest;
  rest.token = token;
  rest.ctag = ctag;
  rest.no_data_in_report = no_data_in_report;
  rest.no_sync_collection = no_sync_collection;
  rest.no_multiget = no_multiget;
  return rest;
}

std::string to_string(const Cursor& cursor) {
  Json json{{"v", kVersion}};
  if (!cursor.token.empty()) json["token"] = cursor.token;
  if (!cursor.ctag.empty()) json["ctag"] = cursor.ctag;
  if (cursor.batch != kFirstBatch) json["batch"] = cursor.batch;
  for (const Flag& flag : kFlags) {
    if (cursor.*flag.member) json[flag.name] = true;
  }
  return dump_json(json);
}

Result<Cursor> parse_cursor(const std::string& text) {
  const auto stale = fail(Errc::stale_cursor, "the stored CalDAV cursor cannot be read");
  auto json = parse_json(text);
  if (!json || !json->is_object()) return stale;
  Cursor cursor;
  if (!json->contains("v") || (*json)["v"] != kVersion) return stale;
  for (const auto& [name, value] : json->items()) {
    if (name == "token" && value.is_string()) cursor.token = value.get<std::string>();
    if (name == "ctag" && value.is_string()) cursor.ctag = value.get<std::string>();
    if (name == "batch" && value.is_number_unsigned()) {
      cursor.batch = std::clamp<std::size_t>(value.get<std::size_t>(), 1, kMaxBatch);
    }
    for (const Flag& flag : kFlags) {
      if (name == flag.name && value.is_boolean()) cursor.*flag.member = value.get<bool>();
    }
  }
  return cursor;
}

}  // namespace tidemark::caldav
