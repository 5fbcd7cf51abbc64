#include <charconv>
#include <chrono>

#include "api/handlers.h"
#include "api/problem.h"
#include "audit/retention_machine.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/journal.h"

namespace tidemark {
namespace {

constexpr std::size_t kStreamPage = 200;
constexpr std::chrono::seconds kHeartbeat{15};
// How soon a stream notices that its client or the server has gone while nothing happens.
constexpr std::chrono::milliseconds kLookUp{1000};

template <class Number>
bool take_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

// An event id, a sequence (after all of it), "SEQUENCE.INDEX" (a cursor) or "latest".
Result<Position> parse_position(const ApiParts& parts, std::string_view text) {
  if (text.empty()) return Position{};
  if (text == "latest") return Position{parts.store.last_sequence(), kRecordIndex};
  if (const auto position = parse_id(kEventPrefix, text)) return *position;
  Position position{0, kRecordIndex};
  const auto dot = text.find('.');
  const bool plain =
      take_number(text.substr(0, dot), position.sequence) &&
      (dot == std::string_view::npos || take_number(text.substr(dot + 1), position.index));
  if (plain) return position;
  return fail(Errc::invalid_argument, "\"" + to_valid_utf8(text.substr(0, 64)) +
                                          "\" is no place in the feed: give an event id, a "
                                          "sequence, \"latest\" or a cursor of an earlier answer");
}

std::string to_text(const Position& position) {
  return std::to_string(position.sequence) + "." + std::to_string(position.index);
}

// The events stand in the store as they stand on the wire: nothing is parsed to pass them on.
ServerResponse page_response(const FeedLines& page) {
  ServerResponse response;
  response.body = "{\"items\":[";
  bool first = true;
  for (const auto& item : page.items) {
    if (!first) response.body += ',';
    first = false;
    response.body += item.json;
  }
  const std::string cursor = "\"" + to_text(page.next) + "\"";
  response.body +=
      "],\"next_page\":" + (page.more ? cursor : "null") + ",\"cursor\":" + cursor + "}";
  return response;
}

// Server-sent events (HTML standard, section 9.2). A heartbeat carries the position as an id, so
// that a client whose filter matches little resumes from where it is, not from its last match.
class FeedStream {
 public:
  FeedStream(const Store& store, const Engine& engine, FeedFilter filter)
      : store_(store), engine_(engine), filter_(std::move(filter)) {}

  void run(StreamWriter& writer) {
    auto last_write = std::chrono::steady_clock::now();
    if (!writer.write("retry: 2000\n\n")) return;
    while (writer.open()) {
      // Taken before reading, so that no record falls between the look and the wait.
      const Sequence seen = store_.last_sequence();
      auto page = read_feed_lines(store_, filter_);
      if (!page) {
        log::error("feed stream ended", {.error_code = name(page.error().code)});
        return;
      }
      filter_.after = page->next;
      if (!page->items.empty()) {
        if (!writer.write(to_stream(*page))) return;
        last_write = std::chrono::steady_clock::now();
      }
      if (page->more) continue;
      engine_.wait_for_record(seen, kLookUp);
      if (std::chrono::steady_clock::now() - last_write < kHeartbeat) continue;
      if (!writer.write("id: " + to_text(filter_.after) + "\n: alive\n\n")) return;
      last_write = std::chrono::steady_clock::now();
    }
  }

 private:
  static std::string to_stream(const FeedLines& page) {
    std::string text;
    for (const auto& item : page.items) {
      text += "id: " + item.id + "\nevent: " + item.type + "\ndata: " + item.json + "\n\n";
    }
    return text;
  }

  const Store& store_;
  const Engine& engine_;
  FeedFilter filter_;
};

// Not silently from where events begin: whoever resumes must know that some are lost to him.
ServerResponse gone_response(const Position& after, Sequence gone) {
  const auto last = std::to_string(gone);
  return problem_response(410, "events after " + to_text(after) +
                                   " have been dropped by retention, up to record " + last +
                                   ": go on with after=" + last +
                                   ", or without after from the "
                                   "first event that is kept");
}

bool wants_stream(const ServerRequest& request) {
  const auto accept = find_header(request.headers, "Accept");
  return accept && to_lower_ascii(*accept).find("text/event-stream") != std::string::npos;
}

}  // namespace

Result<ServerResponse> get_feed(const ApiParts& parts, const Call& call) {
  FeedFilter filter;
  filter.tenant = call.tenant();
  filter.type_glob = call.text("type");
  const bool stream = wants_stream(call.request());
  std::string after = call.text("page");
  if (after.empty()) after = call.text("after");
  // A browser that reconnects sends the same URL and where it really was (Last-Event-ID).
  const auto resumed = find_header(call.request().headers, "Last-Event-ID");
  if (stream && resumed && !resumed->empty()) after = *resumed;
  TM_ASSIGN(filter.after, parse_position(parts, after));
  if (!after.empty()) {
    TM_ASSIGN(const Sequence gone, audit::last_dropped_event(parts.store, filter.tenant));
    if (filter.after.sequence < gone) return gone_response(filter.after, gone);
  }
  if (stream) {
    filter.limit = kStreamPage;
    ServerResponse response;
    response.content_type = "text/event-stream";
    response.headers.emplace_back("Cache-Control", "no-store");
    response.headers.emplace_back("X-Accel-Buffering", "no");
    response.stream = [&parts, filter](StreamWriter& writer) {
      FeedStream(parts.store, parts.engine, filter).run(writer);
    };
    return response;
  }
  filter.limit = static_cast<std::size_t>(call.integer("limit", 100));
  if (filter.limit == 0) return fail(Errc::invalid_argument, "limit must be at least 1");
  TM_ASSIGN(const auto page, read_feed_lines(parts.store, filter));
  return page_response(page);
}

}  // namespace tidemark
