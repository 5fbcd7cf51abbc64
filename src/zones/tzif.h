// The system's time zone files (RFC 8536) as transitions.
//
// Read directly: libical turns them into VTIMEZONEs and loses transitions on the way (summer in
// America/St_Johns from 2038, winter 2014 in America/Sao_Paulo; 34 zones in all were off).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "zones/zone.h"

namespace tidemark {

// Ascending, at least one; the rule at the end of the file is followed to the end of `last_year`.
// Nothing when the bytes are not a TZif file of version 2 or later.
std::optional<std::vector<Zone::Transition>> parse_tzif(std::string_view bytes, int last_year);

}  // namespace tidemark
