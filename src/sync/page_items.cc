#include "sync/page_items.h"

#include <algorithm>

#include "sync/event_codec.h"

namespace tidemark::sync {
namespace {

constexpr std::size_t kMaxItemsReserved = 1024;

void write_events(ByteWriter& writer, const PageItem& item) {
  writer.text(item.body_hash).number(item.events.size());
  for (const auto& placed : item.events) {
    writer.signed_number(placed.start_ms).signed_number(placed.end_ms);
    writer.text(encode_event(placed.event));
  }
  writer.number(item.reverted.size());
  for (const auto& event : item.reverted) writer.text(encode_event(event));
}

CalendarEvent read_nested_event(ByteReader& reader) {
  auto event = decode_event(reader.text());
  if (event) return std::move(*event);
  reader.spoil();
  return {};
}

void read_events(ByteReader& reader, PageItem& item) {
  item.body_hash = reader.text();
  const std::size_t events = reader.count();
  for (std::size_t i = 0; i < events && reader.ok(); ++i) {
    PlacedEvent placed;
    placed.start_ms = reader.signed_number();
    placed.end_ms = reader.signed_number();
    placed.event = read_nested_event(reader);
    item.events.push_back(std::move(placed));
  }
  const std::size_t reverted = reader.count();
  for (std::size_t i = 0; i < reverted && reader.ok(); ++i) {
    item.reverted.push_back(read_nested_event(reader));
  }
}

PageItem read_item(ByteReader& reader) {
  PageItem item;
  const std::uint8_t kind = reader.u8();
  if (kind > static_cast<std::uint8_t>(PageItem::Kind::quarantined)) reader.spoil();
  item.kind = static_cast<PageItem::Kind>(kind);
  item.href = reader.text();
  item.etag = reader.text();
  item.bytes = reader.text();
  item.reason = reader.text();
  if (item.href.empty()) reader.spoil();
  if (item.kind == PageItem::Kind::body) read_events(reader, item);
  return item;
}

}  // namespace

void write_items(ByteWriter& writer, const std::vector<PageItem>& items) {
  writer.number(items.size());
  for (const auto& item : items) {
    writer.u8(static_cast<std::uint8_t>(item.kind));
    writer.text(item.href).text(item.etag).text(item.bytes).text(item.reason);
    if (item.kind == PageItem::Kind::body) write_events(writer, item);
  }
}

Result<std::vector<PageItem>> read_items(ByteReader& reader) {
  std::vector<PageItem> items;
  const std::size_t count = reader.count();
  items.reserve(std::min(count, kMaxItemsReserved));
  for (std::size_t i = 0; i < count && reader.ok(); ++i) items.push_back(read_item(reader));
  if (!reader.done()) {
    return fail(Errc::invalid_argument, "a page holds an item that cannot be read");
  }
  return items;
}

}  // namespace tidemark::sync
