#include "providers/google/page_reader.h"

#include <utility>

namespace tidemark::google {
namespace {

// A page without its items is a few tokens and names.
constexpr std::size_t kMaxRestBytes = 256U << 10;
constexpr std::size_t kMaxKeyBytes = 256;

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

}  // namespace

PageReader::PageReader(ItemHandler on_item, std::size_t max_item_bytes)
    : on_item_(std::move(on_item)), max_item_bytes_(max_item_bytes) {}

Result<void> PageReader::feed(std::string_view piece) {
  while (!piece.empty()) {
    if (in_item_) {
      // Most bytes are inside an item's strings: up to what may end one, they are copied at once.
      const std::size_t run = in_string_ && !escaped_ ? piece.find_first_of("\"\\") : 0;
      const std::size_t plain = std::min(run, piece.size());
      item_.append(piece.substr(0, plain));
      piece.remove_prefix(plain);
      if (item_.size() > max_item_bytes_) {
        return fail(Errc::limit_exceeded, "an item of the list is larger than allowed");
      }
      if (piece.empty()) break;
    }
    TM_TRY(take(piece.front()));
    piece.remove_prefix(1);
  }
  return {};
}

Result<void> PageReader::take(char c) {
  if (!in_item_ && !in_items()) {
    if (rest_.size() >= kMaxRestBytes) {
      return fail(Errc::limit_exceeded, "the list says too much beside its items");
    }
    rest_.push_back(c);
  }
  if (!in_string_) return take_structure(c);
  if (in_item_) item_.push_back(c);
  if (at_key_ && depth_ == 1 && c != '"' && key_.size() < kMaxKeyBytes) key_.push_back(c);
  if (escaped_) {
    escaped_ = false;
  } else if (c == '\\') {
    escaped_ = true;
  } else if (c == '"') {
    in_string_ = false;
  }
  return {};
}

Result<void> PageReader::take_structure(char c) {
  if (in_items() && !is_space(c) && c != ',' && c != '{' && c != ']') {
    return fail(Errc::protocol_error, "\"items\" holds something that is no object");
  }
  if (in_items() && c == '{') in_item_ = true;
  if (in_item_) item_.push_back(c);
  switch (c) {
    case '"':
      in_string_ = true;
      if (depth_ == 1 && at_key_) key_.clear();
      return {};
    case ':':
      if (depth_ == 1) at_key_ = false;
      return {};
    case ',':
      if (depth_ == 1) at_key_ = true;
      return {};
    case '{':
    case '[':
      if (depth_ == 0) at_key_ = c == '{';
      if (depth_ == 1 && c == '[' && !at_key_ && key_ == "items") in_items_ = true;
      ++depth_;
      return {};
    case '}':
    case ']': close(); return in_item_ && depth_ == 2 ? end_item() : Result<void>{};
    default: return {};
  }
}

void PageReader::close() {
  if (depth_ > 0) --depth_;
  if (in_items_ && depth_ == 1) {
    in_items_ = false;
    rest_.push_back(']');
  }
}

Result<void> PageReader::end_item() {
  in_item_ = false;
  const std::string item = std::exchange(item_, {});
  return on_item_(item);
}

Result<Json> PageReader::finish() {
  auto page = parse_json(rest_);
  if (page && page->is_object()) return page;
  return fail(Errc::protocol_error, page ? "the answer is no JSON object"
                                         : "the answer is no JSON: " + page.error().message);
}

}  // namespace tidemark::google
