// The stored form of a journal record.
//
//   value = u8 format (1), 32 bytes leaf hash, CBOR map
//   leaf hash = SHA-256(0x00 || format || CBOR map)         (RFC 6962, 2.1: the hash of a leaf)
//
// The map's keys, those in brackets only when they say something: sequence, at (ms), tenant,
// instance, previous, machine_version, input_type, input_hash, input_bytes, [dedupe_key], [effect:
// [sequence, index]], [completes], correlation_id, [causation_id], state_hash, state, [rows: {key,
// [hash]}], [events: {id, type, [dedupe_key], hash}], [effects: {executor, host, payload,
// [correlation_id]}], [timers: {name, [due], [new_cause]}], [messages: {to, type, payload}],
// [secrets: names], [dropped_secrets: names], [end], [error: {code, message}]. Hashes, states,
// payloads and row keys are byte strings.
//
// An event is stored as u8 format (1) and its wire form, the very JSON text that readers of the
// feed get; its hash in the record is SHA-256 over these bytes, format included. Text instead of
// CBOR: the feed hands it out as it is, which was measured at several times the pages per second.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "domain/event.h"
#include "engine/journal.h"

namespace tidemark::engine {

// Sets record.hash to the leaf hash it stores.
std::string encode_record(JournalRecord& record);
// The leaf hash that a record is stored with: unchecked, or Errc::corrupt when it is not the one of
// the bytes.
Result<Sha256> stored_leaf_hash(std::string_view bytes);
Result<Sha256> checked_leaf_hash(std::string_view bytes);
// The sequence a record holds, without decoding the rest of it; nothing when it cannot be read.
std::optional<Sequence> sequence_of_record(std::string_view bytes);
// What the leaf hash is over, but for RFC 6962's tag: the format byte and the map. And back.
Result<std::string> leaf_content(std::string_view bytes);
Result<std::string> record_of_content(std::string_view content);
// Errc::corrupt when the bytes cannot be read or the hash does not match them.
Result<JournalRecord> decode_record(std::string_view bytes);

std::string encode_event(const Event& event);
std::string encode_event(const Event& envelope, const JsonText& payload);
Result<Event> decode_event(std::string_view bytes);
// The wire form inside the stored bytes.
Result<std::string_view> event_text(std::string_view bytes);
// "id" or "type" of a wire form.
std::string_view envelope_field(std::string_view text, std::string_view name);

}  // namespace tidemark::engine
