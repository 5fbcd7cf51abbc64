// What the keys of the row table may be looked up by besides the whole key: the name in
//   partition, instance (text), letter, name (text), ...
// A scan over the rows of one name asks the filters first, so that a name nobody has costs as
// little as a key that is not there. Keys of another shape have no name, or one that nobody asks
// for.
#pragma once

#include <rocksdb/slice_transform.h>

#include <memory>
#include <optional>
#include <string_view>

namespace tidemark {

// The key up to the end of its name; none when it is too short to hold one. What begins with a key
// that has a name has the same name.
std::optional<std::string_view> row_name(std::string_view key);

std::shared_ptr<const rocksdb::SliceTransform> make_named_row_prefix();

}  // namespace tidemark
