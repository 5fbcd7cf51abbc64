// Page items inside inputs: the compact encoding of base/bytes.h.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "sync/calendar_inputs.h"

namespace tidemark::sync {

void write_items(ByteWriter& writer, const std::vector<PageItem>& items);
// Takes all that is left; invalid_argument when it is not exactly items.
Result<std::vector<PageItem>> read_items(ByteReader& reader);

}  // namespace tidemark::sync
