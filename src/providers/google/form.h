// Fields of a query or of a form (application/x-www-form-urlencoded, WHATWG URL section 5).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidemark::google {

using Fields = std::vector<std::pair<std::string, std::string>>;

// "name=value&...": all but letters, digits and "-._~" percent-encoded.
std::string encode_fields(const Fields& fields);

}  // namespace tidemark::google
