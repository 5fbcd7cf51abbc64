// Reads a page of a Google list while it arrives: each object of "items" is handed on as the text
// it came in, everything else is small and is kept for the end.
//
// The texts are what the mirror keeps of an event, and a page of 2,500 never becomes one big value.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace tidemark::google {

class PageReader {
 public:
  using ItemHandler = std::function<Result<void>(std::string_view text)>;

  // An item of more than max_item_bytes is Errc::limit_exceeded.
  PageReader(ItemHandler on_item, std::size_t max_item_bytes);

  // Errors: the handler's, limit_exceeded, protocol_error for what is no list.
  Result<void> feed(std::string_view piece);

  // The page without its items. protocol_error when the text was no JSON object, or ended early.
  Result<Json> finish();

 private:
  Result<void> take(char c);
  Result<void> take_structure(char c);
  void close();
  Result<void> end_item();
  bool in_items() const { return in_items_ && depth_ == 2; }

  ItemHandler on_item_;
  std::size_t max_item_bytes_;
  std::string rest_;  // all but the items
  std::string item_;
  std::string key_;  // of the member of the page that is being read
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool at_key_ = false;  // the next string at depth 1 is a key
  bool in_items_ = false;
  bool in_item_ = false;
};

}  // namespace tidemark::google
