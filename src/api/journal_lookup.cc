#include "api/journal_lookup.h"

#include <charconv>
#include <string>

#include "audit/retention_machine.h"
#include "base/text.h"

namespace tidemark {

std::optional<Sequence> parse_sequence(std::string_view text) {
  Sequence sequence = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), sequence);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return sequence;
}

Result<JournalRecord> record_of_path(const ApiParts& parts, const Call& call) {
  const std::string& text = call.capture("sequence");
  const auto unknown = [&] { return fail(Errc::not_found, "there is no journal record " + text); };
  const auto sequence = parse_sequence(text);
  if (!sequence || *sequence == 0) return unknown();
  TM_ASSIGN(const auto retention, audit::read_retention(parts.store));
  if (*sequence <= retention.through) {
    return fail(Errc::not_found, "journal record " + text + " was dropped by retention on " +
                                     format_rfc3339(retention.at) + ", with all up to " +
                                     std::to_string(retention.through));
  }
  auto record = read_record(parts.store, *sequence);
  if (!record && record.error().code == Errc::not_found) return unknown();
  if (record && !call.may_see(record->tenant)) return unknown();
  return record;
}

}  // namespace tidemark
