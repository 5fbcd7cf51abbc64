// Journal records as paths and queries name them. Inside src/api/ only.
#pragma once

#include <optional>
#include <string_view>

#include "api/route.h"
#include "base/ids.h"
#include "engine/journal.h"

namespace tidemark {

std::optional<Sequence> parse_sequence(std::string_view text);

// The record that the path's {sequence} names; Errc::not_found, too, when it is not the caller's to
// see.
Result<JournalRecord> record_of_path(const ApiParts& parts, const Call& call);

}  // namespace tidemark
