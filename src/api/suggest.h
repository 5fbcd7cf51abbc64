// "Did you mean": the known word nearest to a mistyped one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tidemark {

// Nothing near enough: empty. Near: at most a third of the letters, and never more than 3, differ.
std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

// "; did you mean \"listen\"?" or, when nothing is near, the list of what there is.
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

}  // namespace tidemark
