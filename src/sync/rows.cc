#include "sync/rows.h"

#include "base/bytes.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/text.h"
#include "store/key.h"
#include "sync/event_codec.h"

namespace tidemark::sync {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::uint8_t kAlone = 1;
constexpr std::uint8_t kRecurring = 2;
constexpr std::uint8_t kFixed = 4;
constexpr std::uint8_t kAnnounced = 1;
constexpr std::uint8_t kQuarantined = 2;

tl::unexpected<Error> damaged(std::string_view what) {
  return fail(Errc::corrupt, "a mirror row (" + std::string(what) + ") cannot be decoded");
}

std::string cbor_row(const Json& value) {
  return std::string(kNothing) + to_cbor(value);
}

Result<Json> cbor_of(std::string_view bytes, std::size_t fields, std::string_view what) {
  if (bytes.empty() || static_cast<std::uint8_t>(bytes.front()) != kFormat) return damaged(what);
  auto value = from_cbor(bytes.substr(1));
  if (!value || !value->is_array() || value->size() != fields) return damaged(what);
  return std::move(*value);
}

Json binary(std::string_view bytes) {
  return Json::binary(std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
}

}  // namespace

std::string public_calendar_id(std::string_view tenant, std::string_view account,
                               std::string_view remote_id) {
  std::string input(tenant);
  input.push_back('\0');
  input.append(account).push_back('\0');
  input.append(remote_id);
  return "cal_" + to_hex(sha256(input)).substr(0, 20);
}

InstanceId account_instance(std::string_view tenant, std::string_view account) {
  return make_instance_id(kAccountKind, tenant, account);
}

InstanceId calendar_instance(std::string_view tenant, std::string_view account,
                             std::string_view public_id) {
  return make_instance_id(kCalendarKind, tenant,
                          std::string(account) + "/" + std::string(public_id));
}

std::optional<InstanceParts> parse_instance(const InstanceId& instance) {
  const auto parts = split(instance.value, '/');
  if (parts.size() == 3 && parts[0] == kAccountKind) return InstanceParts{parts[1], parts[2], {}};
  if (parts.size() == 4 && parts[0] == kCalendarKind) {
    return InstanceParts{parts[1], parts[2], parts[3]};
  }
  return std::nullopt;
}

std::string href_key(char letter, std::string_view href) {
  std::string key(1, letter);
  return key.append(href);
}

std::string uid_prefix(std::string_view uid) {
  KeyWriter writer;
  writer.u8(static_cast<std::uint8_t>(kUidRow));
  if (uid.size() <= 255) return std::move(writer.text(uid)).str();
  return std::move(writer.text(to_hex(sha256(uid)))).str();
}

std::string uid_key(std::string_view uid, std::string_view href) {
  return uid_prefix(uid).append(href);
}

std::int64_t level_span_ms(std::uint8_t level) {
  if (level + 1 >= kTimeLevels) return kOpenEnd;
  return kDayMs << (2 * level);
}

std::uint8_t level_of(std::int64_t start_ms, std::int64_t end_ms) {
  if (end_ms == kOpenEnd) return kTimeLevels - 1;
  std::uint8_t level = 0;
  while (level + 1 < kTimeLevels && end_ms - start_ms > level_span_ms(level)) ++level;
  return level;
}

std::string encode(const TimeKey& key) {
  KeyWriter writer;
  writer.u8(static_cast<std::uint8_t>(kTimeRow)).u8(key.level).i64(key.start_ms);
  writer.text(key.href).raw(key.recurrence_id);
  return std::move(writer).str();
}

std::optional<TimeKey> decode_time_key(std::string_view bytes) {
  KeyReader reader(bytes);
  if (reader.u8() != static_cast<std::uint8_t>(kTimeRow)) return std::nullopt;
  TimeKey key;
  key.level = reader.u8();
  key.start_ms = reader.i64();
  key.href = reader.text();
  key.recurrence_id = reader.rest();
  if (!reader.ok()) return std::nullopt;
  return key;
}

std::string_view sort_key(std::string_view time_key) {
  return time_key.size() < 2 ? std::string_view{} : time_key.substr(2);
}

bool has_fixed_times(const CalendarEvent& event) {
  return event.start.utc.has_value() &&
         (event.end.kind == CalendarTime::Kind::none || event.end.utc.has_value());
}

std::string encode(const TimeRow& row) {
  const int flags = (row.alone ? kAlone : 0) | (row.event.recurrence.empty() ? 0 : kRecurring) |
                    (has_fixed_times(row.event) ? kFixed : 0);
  ByteWriter writer;
  writer.u8(kFormat).signed_number(row.end_ms).u8(static_cast<std::uint8_t>(flags));
  return std::move(writer.raw(encode_event(row.event))).str();
}

Result<TimeRow> decode_time_row(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.u8() != kFormat) reader.spoil();
  TimeRow row;
  row.end_ms = reader.signed_number();
  row.alone = (reader.u8() & kAlone) != 0;
  row.event = read_event(reader);
  if (!reader.done()) return damaged("time");
  return row;
}

std::optional<TimeRowHead> decode_time_head(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.u8() != kFormat) reader.spoil();
  TimeRowHead head;
  head.end_ms = reader.signed_number();
  const std::uint8_t flags = reader.u8();
  head.alone = (flags & kAlone) != 0;
  head.recurring = (flags & kRecurring) != 0;
  head.fixed = (flags & kFixed) != 0;
  if (!reader.ok()) return std::nullopt;
  return head;
}

std::string encode(const IndexRow& row) {
  ByteWriter writer;
  writer.u8(kFormat).text(row.etag).number(row.generation).number(row.deleted_in).text(row.uid);
  writer.u8(static_cast<std::uint8_t>((row.announced ? kAnnounced : 0) |
                                      (row.quarantined ? kQuarantined : 0)));
  writer.text(row.body_hash).number(row.events.size());
  for (const auto& event : row.events) {
    writer.text(event.recurrence_id).text(event.hash).u8(event.level);
    writer.signed_number(event.start_ms);
  }
  return std::move(writer).str();
}

Result<IndexRow> decode_index_row(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.u8() != kFormat) reader.spoil();
  IndexRow row;
  row.etag = reader.text();
  row.generation = reader.number();
  row.deleted_in = reader.number();
  row.uid = reader.text();
  const std::uint8_t flags = reader.u8();
  row.announced = (flags & kAnnounced) != 0;
  row.quarantined = (flags & kQuarantined) != 0;
  row.body_hash = reader.text();
  const std::size_t count = reader.count();
  for (std::size_t i = 0; i < count && reader.ok(); ++i) {
    IndexedEvent event;
    event.recurrence_id = reader.text();
    event.hash = reader.text();
    event.level = reader.u8();
    event.start_ms = reader.signed_number();
    row.events.push_back(std::move(event));
  }
  if (!reader.done()) return damaged("index");
  return row;
}

std::string encode(const QuarantineRow& row) {
  return cbor_row(Json::array({row.etag, row.reason, binary(row.bytes)}));
}

Result<QuarantineRow> decode_quarantine_row(std::string_view bytes) {
  TM_ASSIGN(const Json value, cbor_of(bytes, 3, "quarantine"));
  if (!value[0].is_string() || !value[1].is_string() || !value[2].is_binary()) {
    return damaged("quarantine");
  }
  const auto& raw = value[2].get_binary();
  return QuarantineRow{value[0].get<std::string>(), value[1].get<std::string>(),
                       std::string(raw.begin(), raw.end())};
}

std::string encode(const PendingRow& row) {
  return cbor_row(Json::array({row.etag, row.generation}));
}

Result<PendingRow> decode_pending_row(std::string_view bytes) {
  TM_ASSIGN(const Json value, cbor_of(bytes, 2, "pending"));
  if (!value[0].is_string() || !value[1].is_number_unsigned()) return damaged("pending");
  return PendingRow{value[0].get<std::string>(), value[1].get<std::uint64_t>()};
}

std::string encode(const AheadRow& row) {
  return cbor_row(Json::array({row.generation, row.there, row.etag}));
}

Result<AheadRow> decode_ahead_row(std::string_view bytes) {
  TM_ASSIGN(const Json value, cbor_of(bytes, 3, "ahead"));
  if (!value[0].is_number_unsigned() || !value[1].is_boolean() || !value[2].is_string()) {
    return damaged("ahead");
  }
  return AheadRow{value[0].get<std::uint64_t>(), value[1].get<bool>(), value[2].get<std::string>()};
}

std::string encode_body(std::string_view bytes) {
  return std::string(kNothing).append(bytes);
}

Result<std::string_view> decode_body(std::string_view row) {
  if (row.empty() || static_cast<std::uint8_t>(row.front()) != kFormat) return damaged("body");
  return row.substr(1);
}

}  // namespace tidemark::sync
