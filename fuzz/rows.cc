// What machines store and are told: states, rows and inputs. The first byte says which kind.
#include "sync/rows.h"

#include <tuple>

#include "base/bytes.h"
#include "delivery/attempt.h"
#include "delivery/delivery_rows.h"
#include "delivery/endpoint_inputs.h"
#include "delivery/endpoint_state.h"
#include "sync/account_inputs.h"
#include "sync/account_state.h"
#include "sync/calendar_inputs.h"
#include "sync/calendar_state.h"
#include "sync/event_codec.h"
#include "sync/watch_inputs.h"
#include "sync/watch_state.h"
#include "sync/write_inputs.h"
#include "sync/write_rows.h"
#include "target.h"
#include "vault/sealed_values.h"

namespace tidemark::fuzz {
namespace {

template <class T>
concept Encodable = requires(const T& value) {
  { encode(value) } -> std::same_as<std::string>;
};

// Inputs come as a variant; those that hold nothing have no encoding of their own.
template <class Variant>
std::string encode_input(const Variant& input) {
  return std::visit(
      [](const auto& each) -> std::string {
        if constexpr (Encodable<std::decay_t<decltype(each)>>) return encode(each);
        return "";
      },
      input);
}

template <class Decode>
void check_inputs(std::string_view bytes, std::initializer_list<std::string_view> types,
                  Decode decode) {
  for (const auto type : types) {
    const auto input = decode(type, bytes);
    if (!input) continue;
    const std::string written = encode_input(*input);
    if (written.empty()) continue;
    const auto again = decode(type, written);
    require(again.has_value(), "an input that was written can be read");
    require(encode_input(*again) == written, "and is written the same");
  }
}

void check_mirror(std::string_view bytes) {
  using namespace sync;
  const auto write = [](const auto& value) { return encode(value); };
  require_stable(bytes, decode_time_row, write);
  require_stable(bytes, decode_index_row, write);
  require_stable(bytes, decode_quarantine_row, write);
  require_stable(bytes, decode_pending_row, write);
  require_stable(bytes, decode_ahead_row, write);
  require_stable(bytes, decode_waiting_write, write);
  require_stable(bytes, decode_finished_write, write);
  require_stable(bytes, decode_event, encode_event);
  if (const auto key = decode_time_key(bytes)) {
    require(decode_time_key(encode(*key)) == *key, "a time key comes back");
    static_cast<void>(sort_key(bytes));
  }
  const auto row = decode_time_row(bytes);
  const auto head = decode_time_head(bytes);
  if (row) {
    require(head.has_value(), "a row that can be read has a head");
    require(head->end_ms == row->end_ms && head->alone == row->alone, "both readers agree");
  }
  if (const auto body = decode_body(bytes)) {
    require(encode_body(*body) == bytes, "a body comes back");
  }
}

void check_sync_states(std::string_view bytes) {
  using namespace sync;
  const auto write = [](const auto& value) { return encode(value); };
  require_stable(bytes, decode_calendar_state, write);
  require_stable(bytes, decode_account_state, write);
  require_stable(bytes, decode_account_calendar, write);
  require_stable(bytes, decode_pull_order, write);
  require_stable(bytes, decode_pass_report, write);
  require_stable(bytes, decode_discover_order, write);
  require_stable(bytes, decode_write_task, write);
  require_stable(bytes, decode_watch_state, write);
  require_stable(bytes, decode_channel_order, write);
}

void check_sync_inputs(std::string_view bytes) {
  namespace type = sync::input_type;
  check_inputs(bytes,
               {type::kConfigured, type::kPaused, type::kRemoved, type::kPresent, type::kSyncNow,
                type::kPage, type::kPullDone, type::kPullFailed, type::kContinue, type::kReportDone,
                kTimerFired, type::kNotified, type::kWriteRequested, type::kWriteDone,
                type::kWriteConflicted, type::kWriteFailed},
               sync::decode_calendar_input);
  check_inputs(bytes,
               {type::kAccountConfigured, type::kAccountUnconfigured, type::kAccountSync,
                type::kCalendarCheck, type::kCredentialsRefused, type::kDiscovered,
                type::kDiscoverFailed, kTimerFired},
               sync::decode_account_input);
  check_inputs(bytes,
               {type::kWatchWanted, type::kWatchUnwanted, type::kWatchDone, type::kWatchFailed,
                type::kWatchStopped, kTimerFired},
               sync::decode_watch_input);
}

void check_delivery(std::string_view bytes) {
  namespace type = delivery::input_type;
  const auto write = [](const auto& value) { return delivery::encode(value); };
  require_stable(bytes, delivery::decode_endpoint_state, write);
  require_stable(bytes, delivery::decode_delivery, write);
  require_stable(bytes, delivery::decode_delivered_log, write);
  check_inputs(bytes,
               {type::kPut, type::kPause, type::kResume, type::kRemove, type::kRotate,
                type::kRewind, type::kResults, type::kRetry, type::kCancel, type::kDrop,
                type::kContinue, type::kNoticed, kTimerFired},
               delivery::decode_endpoint_input);
  if (const auto due = delivery::parse_due_key(bytes)) {
    require(delivery::due_key(due->due, due->position) == bytes, "a due key comes back");
  }
  if (const auto position = delivery::position_of_key(bytes)) {
    require(delivery::waiting_key(*position) == bytes || delivery::dead_key(*position) == bytes,
            "a delivery's key comes back");
  }
}

// Numbers and texts from any bytes, written and read back.
void check_bytes(std::string_view bytes) {
  Source source(bytes);
  std::vector<std::tuple<std::uint64_t, std::int64_t, std::string>> values;
  ByteWriter writer;
  while (!source.empty() && values.size() < 16) {
    const std::uint64_t number = source.u64() >> source.below(64);
    values.emplace_back(number, static_cast<std::int64_t>(source.u64()), source.text());
    const auto& [unsigned_value, signed_value, text] = values.back();
    writer.number(unsigned_value).signed_number(signed_value).text(text);
  }
  const std::string written = std::move(writer).str();
  ByteReader reader(written);
  for (const auto& [unsigned_value, signed_value, text] : values) {
    require(reader.number() == unsigned_value && reader.signed_number() == signed_value &&
                reader.text() == text,
            "numbers and texts come back");
  }
  require(reader.done(), "and nothing else");
}

void check_sealed(std::string_view bytes) {
  static const vault::DataKey key = [] {
    Secret secret(std::string(32, 'k'));
    return vault::DataKey{secret, key_id_of("fuzz", secret)};
  }();
  require(!vault::open_secret(key, "tenant", "name", bytes), "nobody seals without the key");
  static_cast<void>(vault::sealed_with(bytes));
}

}  // namespace

TIDEMARK_FUZZ_TARGET(rows) {
  if (bytes.empty()) return;
  const auto kind = static_cast<std::uint8_t>(bytes.front()) % 6;
  bytes.remove_prefix(1);
  switch (kind) {
    case 0: return check_mirror(bytes);
    case 1: return check_sync_states(bytes);
    case 2: return check_sync_inputs(bytes);
    case 3: return check_delivery(bytes);
    case 4: return check_bytes(bytes);
    default: return check_sealed(bytes);
  }
}

}  // namespace tidemark::fuzz
