#include "sync/fake_calendar_server.h"

#include <algorithm>
#include <sstream>

namespace tidemark::test {

std::string FakeProvider::to_text(const Cursor& cursor) {
  return std::string(cursor.listing ? "L" : "T") + (cursor.bodies ? "b" : "-") +
         std::to_string(cursor.token) + "|" + cursor.after;
}

FakeProvider::Cursor FakeProvider::read(const std::string& text) {
  Cursor cursor;
  if (text.size() < 2) return cursor;
  cursor.listing = text[0] == 'L';
  cursor.bodies = text[1] == 'b';
  const auto bar = text.find('|');
  cursor.token = std::stoull(text.substr(2, bar - 2));
  cursor.after = text.substr(bar + 1);
  return cursor;
}

bool FakeProvider::chance(unsigned percent) {
  return server_.random != nullptr && (*server_.random)() % 100 < percent;
}

Result<Discovery> FakeProvider::discover(const std::string&) {
  const std::lock_guard lock(server_.mutex);
  ++server_.discoveries;
  if (server_.discover_error) return fail(*server_.discover_error);
  Discovery discovery;
  for (const auto& [id, calendar] : server_.calendars) {
    discovery.calendars.push_back({id, calendar.name, "", "", false});
  }
  return discovery;
}

Result<PullResult> FakeProvider::pull(const PullRequest& request, const KnownResources& known,
                                      const ItemSink& sink) {
  // Copied, so that nothing is held while the sink blocks.
  std::optional<FakeCalendar> calendar;
  {
    const std::lock_guard lock(server_.mutex);
    ++server_.pulls;
    if (const auto error = server_.pull_errors.find(request.calendar_id);
        error != server_.pull_errors.end()) {
      return fail(error->second);
    }
    const auto found = server_.calendars.find(request.calendar_id);
    if (found == server_.calendars.end()) return fail(Errc::not_found, "no such calendar");
    calendar = found->second;
  }
  Cursor cursor = read(request.cursor);
  if (request.cursor.empty()) {
    cursor.listing = true;
    cursor.token = calendar->version;
  }
  if (cursor.token < calendar->oldest_token) return fail(Errc::stale_cursor, "token expired");
  if (cursor.bodies) return bodies(*calendar, std::move(cursor), known, sink);
  if (cursor.listing) return list(*calendar, request, std::move(cursor), known, sink);
  return changes(*calendar, std::move(cursor), known, sink);
}

Result<void> FakeProvider::send(RemoteItem item, const KnownResources& known,
                                const ItemSink& sink) {
  {
    const std::lock_guard lock(server_.mutex);
    if (server_.before_item) TM_TRY(server_.before_item());
    if (item.kind == RemoteItem::Kind::body) ++server_.bodies_sent;
  }
  std::vector<RemoteItem> items;
  items.push_back(std::move(item));
  TM_TRY(sink(std::move(items)));
  // Asking for pending resources makes all that was sent durable: a page boundary.
  if (chance(20)) TM_TRY(known.pending(1));
  return {};
}

RemoteItem FakeProvider::present(const FakeCalendar& calendar, const std::string& href,
                                 bool* announced) {
  const FakeResource& resource = calendar.resources.at(href);
  if (announced != nullptr && chance(30)) {
    *announced = true;
    return {.kind = RemoteItem::Kind::pending, .href = href, .etag = resource.etag};
  }
  return {.href = href, .etag = resource.etag, .bytes = resource.bytes};
}

Result<PullResult> FakeProvider::list(const FakeCalendar& calendar, const PullRequest& request,
                                      Cursor cursor, const KnownResources& known,
                                      const ItemSink& sink) {
  const std::size_t page =
      server_.random != nullptr ? 1 + (*server_.random)() % 6 : server_.page_size;
  bool announced = false;
  std::size_t listed = 0;
  auto next = calendar.resources.upper_bound(cursor.after);
  for (; next != calendar.resources.end() && listed < page; ++next, ++listed) {
    cursor.after = next->first;
    TM_ASSIGN(const auto mirrored, known.find(next->first));
    const bool same = mirrored && mirrored->etag == next->second.etag &&
                      (mirrored->in_this_pass || request.mode == PullMode::reconcile);
    TM_TRY(send(same ? RemoteItem{.kind = RemoteItem::Kind::unchanged, .href = next->first}
                     : present(calendar, next->first, &announced),
                known, sink));
  }
  PullResult result;
  cursor.bodies = announced;
  result.last = next == calendar.resources.end() && !announced;
  result.complete_listing = result.last;
  if (result.last) cursor = {false, false, cursor.token, {}};
  result.cursor = to_text(cursor);
  return result;
}

Result<PullResult> FakeProvider::changes(const FakeCalendar& calendar, Cursor cursor,
                                         const KnownResources& known, const ItemSink& sink) {
  std::vector<std::pair<std::uint64_t, std::string>> since;
  for (const auto& [href, version] : calendar.changed) {
    if (version > cursor.token) since.emplace_back(version, href);
  }
  std::sort(since.begin(), since.end());
  const std::size_t page =
      server_.random != nullptr ? 1 + (*server_.random)() % 6 : server_.page_size;
  bool announced = false;
  const bool whole = since.size() <= page;
  if (!whole) since.resize(page);
  for (const auto& [version, href] : since) {
    cursor.token = version;
    TM_TRY(send(calendar.resources.contains(href)
                    ? present(calendar, href, &announced)
                    : RemoteItem{.kind = RemoteItem::Kind::deleted, .href = href},
                known, sink));
  }
  cursor.bodies = announced;
  return PullResult{to_text(cursor), whole && !announced, false, false};
}

Result<PullResult> FakeProvider::bodies(const FakeCalendar& calendar, Cursor cursor,
                                        const KnownResources& known, const ItemSink& sink) {
  TM_ASSIGN(const auto pending, known.pending(3));
  for (const auto& resource : pending) {
    TM_TRY(send(calendar.resources.contains(resource.href)
                    ? present(calendar, resource.href, nullptr)
                    : RemoteItem{.kind = RemoteItem::Kind::deleted, .href = resource.href},
                known, sink));
  }
  cursor.bodies = !pending.empty();
  if (!pending.empty()) return PullResult{to_text(cursor), false, false, false};
  // All announced bodies have come; the page they belong to may have been the last.
  if (cursor.listing) {
    if (calendar.resources.upper_bound(cursor.after) != calendar.resources.end()) {
      return PullResult{to_text(cursor), false, false, false};
    }
    return PullResult{to_text({false, false, cursor.token, {}}), true, true, false};
  }
  return PullResult{to_text(cursor), false, false, false};
}

}  // namespace tidemark::test
