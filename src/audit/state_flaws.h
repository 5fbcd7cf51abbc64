// Whether what the audit's own machines say of themselves is what the journal says of them: their
// states and rows are in no tree, their records are.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "store/store.h"

namespace tidemark::audit {

// What is wrong, in words; nothing: they agree.
Result<std::optional<std::string>> flaw_of_retention(const StoreView& view);
// Also that no stored checkpoint is gone: the others would hold without it.
Result<std::optional<std::string>> flaw_of_checkpoints(const StoreView& view);

}  // namespace tidemark::audit
