// WebDAV answers: the same whichever way they arrive in pieces, and within the limits.
#include "providers/caldav/multistatus.h"

#include "base/text.h"
#include "providers/caldav/cursor.h"
#include "providers/caldav/href.h"
#include "target.h"

namespace tidemark::fuzz {
namespace {

constexpr caldav::MultistatusLimits kLimits{.calendar_data_bytes = 256,
                                            .text_bytes = 64,
                                            .depth = 12,
                                            .attributes = 8,
                                            .token_bytes = 1024};

struct Reading {
  std::vector<caldav::DavRow> rows;
  std::optional<Error> error;
  std::string sync_token;
};

Reading read(std::string_view document, std::size_t piece_bytes) {
  Reading reading;
  caldav::MultistatusParser parser(kLimits, [&](caldav::DavRow&& row) -> Result<void> {
    reading.rows.push_back(std::move(row));
    return {};
  });
  Result<void> fed{};
  while (fed && !document.empty()) {
    const auto piece = document.substr(0, piece_bytes);
    document.remove_prefix(piece.size());
    fed = parser.feed(piece);
  }
  if (fed) fed = parser.finish();
  if (!fed) reading.error = fed.error();
  reading.sync_token = parser.sync_token();
  return reading;
}

void check_text(const std::optional<std::string>& text) {
  if (!text) return;
  require(text->size() <= kLimits.text_bytes, "text is limited");
  require(is_valid_utf8(*text), "text is UTF-8");
}

void check_row(const caldav::DavRow& row) {
  const auto& of = row.properties;
  for (const auto* text :
       {&of.etag, &of.display_name, &of.color, &of.description, &of.ctag, &of.sync_token}) {
    check_text(*text);
  }
  require(!of.calendar_data || of.calendar_data->size() <= kLimits.calendar_data_bytes,
          "calendar data is limited");
  const Url base = *parse_url("https://example.com/dav/cal/");
  for (const auto& href : row.hrefs) {
    const auto key = caldav::href_key(base, href);
    if (!key) continue;
    const auto again = caldav::href_key(base, caldav::encode_href(*key));
    require(again.has_value() || caldav::encode_href(*key).size() > caldav::kMaxHrefBytes,
            "a key can be sent");
    if (again) require(*again == *key, "a key comes back from the href it is sent as");
    const auto url = caldav::href_url(base, href);
    if (url) require(parse_url(url->to_string()) == *url, "an href's URL is a URL");
  }
}

bool same(const caldav::DavRow& a, const caldav::DavRow& b) {
  const auto& x = a.properties;
  const auto& y = b.properties;
  return a.hrefs == b.hrefs && a.status == b.status && a.conditions == b.conditions &&
         x.etag == y.etag && x.calendar_data == y.calendar_data &&
         x.calendar_data_too_large == y.calendar_data_too_large &&
         x.display_name == y.display_name && x.sync_token == y.sync_token && x.ctag == y.ctag &&
         x.components == y.components && x.privileges == y.privileges &&
         x.principals == y.principals && x.home_sets == y.home_sets &&
         x.is_collection == y.is_collection && x.is_calendar == y.is_calendar;
}

}  // namespace

TIDEMARK_FUZZ_TARGET(multistatus) {
  if (bytes.empty()) return;
  const auto piece_bytes = std::size_t{1} + static_cast<std::uint8_t>(bytes.front()) % 64;
  bytes.remove_prefix(1);
  const Reading whole = read(bytes, bytes.size() + 1);
  const Reading pieces = read(bytes, piece_bytes);
  for (const auto& row : whole.rows) check_row(row);
  require(whole.error.has_value() == pieces.error.has_value(), "pieces are as good as the whole");
  if (!whole.error) {
    require(whole.rows.size() == pieces.rows.size(), "pieces have as many rows");
    for (std::size_t i = 0; i < whole.rows.size(); ++i) {
      require(same(whole.rows[i], pieces.rows[i]), "pieces have the same rows");
    }
    require(whole.sync_token == pieces.sync_token, "pieces have the same token");
  }
  static_cast<void>(caldav::error_conditions(bytes));
  const auto cursor = caldav::parse_cursor(std::string(bytes));
  if (cursor) {
    require(caldav::parse_cursor(caldav::to_string(*cursor)) == *cursor, "a cursor comes back");
  }
}

}  // namespace tidemark::fuzz
