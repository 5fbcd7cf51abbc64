// For Store::commit(): a commit beside those that go forward leaves last_sequence() where it is.
#pragma once

#include "base/ids.h"

namespace tidemark {

inline constexpr Sequence kUnmoved = ~Sequence{0};

}  // namespace tidemark
