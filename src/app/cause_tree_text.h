// `audit show --tree` as people read it.
#pragma once

#include <cstddef>
#include <string>

#include "base/json.h"

namespace tidemark::app {

// The answer of GET /v1/audit/{sequence}/tree, one line a node, drawn with box characters or with
// ASCII, each line cut to `width` columns. The record that was asked for is marked.
std::string cause_tree_text(const Json& tree, bool unicode, std::size_t width);

}  // namespace tidemark::app
