// Pages of Google's lists, and what is read and kept of their events.
#include <algorithm>

#include "providers/google/api_error.h"
#include "providers/google/page_reader.h"
#include "providers/google/series.h"
#include "sync/icalendar/icalendar.h"
#include "target.h"

namespace tidemark::fuzz {
namespace {

struct Page {
  std::vector<std::string> items;
  std::string rest;
};

std::optional<Page> read_page(std::string_view bytes, std::size_t piece) {
  Page page;
  google::PageReader reader(
      [&](std::string_view item) -> Result<void> {
        page.items.emplace_back(item);
        return {};
      },
      1U << 20);
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    if (!reader.feed(bytes.substr(at, piece))) return std::nullopt;
  }
  const auto rest = reader.finish();
  if (!rest) return std::nullopt;
  page.rest = dump_json(*rest);
  return page;
}

void check_series(const google::Series& series) {
  const auto again = google::Series::parse(series.bytes());
  require(again.has_value() && again->bytes() == series.bytes(), "a series comes back");
  const auto events = series.events();
  require(events.has_value() == again->events().has_value(), "and says the same");
  if (!events || events->empty()) return;
  // Whatever Google says, what is written of it can be read or is refused, and ends.
  static_cast<void>(icalendar::parse_resource(icalendar::write_events(*events), {"/e", ""}));
  static_cast<void>(icalendar::span_of("{}", *events));
}

}  // namespace

TIDEMARK_FUZZ_TARGET(google) {
  const auto whole = read_page(bytes, std::max<std::size_t>(bytes.size(), 1));
  const auto in_pieces = read_page(bytes, 3);
  require(whole.has_value() == in_pieces.has_value(), "pieces do not matter");
  static_cast<void>(google::read_refusal({403, {}, std::string(bytes)}, "here", true));
  if (!whole) return;
  require(whole->items == in_pieces->items && whole->rest == in_pieces->rest, "nor for what is read");
  google::Series series;
  for (const auto& item : whole->items) {
    auto value = parse_json(item);
    if (!value) continue;
    auto key = google::read_key(*value);
    if (!key) continue;
    series.put({std::move(*key), item, std::move(*value)});
  }
  check_series(series);
}

}  // namespace tidemark::fuzz
