// Opening with a format of one's own, for tests of migrations; Store::open is the way in.
#pragma once

#include "store/format_version.h"
#include "store/store.h"

namespace tidemark {

Result<std::unique_ptr<Store>> open_store(const StoreOptions& options, FormatVersion supported,
                                          const std::vector<Migration>& migrations);

}  // namespace tidemark
