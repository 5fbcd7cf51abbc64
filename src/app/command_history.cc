// feed, audit list, audit show.
#include <algorithm>

#include "app/cause_tree_text.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "base/ids.h"

namespace tidemark::app {
namespace {

constexpr std::uint64_t kPage = 1000;
constexpr std::size_t kMaxStreamLine = 64U << 20;

// "   1042  2025-12-16 12:00:00  created  work/Home  Title"
std::string feed_line(const Json& event) {
  const auto position = parse_id(kEventPrefix, text_at(event, "id"));
  std::string sequence = position ? std::to_string(position->sequence) : "?";
  sequence.insert(0, sequence.size() < 8 ? 8 - sequence.size() : 0, ' ');
  std::string time = text_at(event, "occurred_at").substr(0, 19);
  std::replace(time.begin(), time.end(), 'T', ' ');
  std::string type = text_at(event, "type");
  if (type.starts_with("calendar.event.")) type.erase(0, 15);
  type.resize(std::max<std::size_t>(type.size(), 8), ' ');
  const Json payload = event.value("payload", Json::object());
  const Json calendar = payload.value("calendar", Json::object());
  const Json inner = payload.value("event", Json::object());
  const std::string where = calendar.empty()
                                ? text_at(event, "source")
                                : text_at(calendar, "account") + "/" + text_at(calendar, "name");
  return sequence + "  " + time + "  " + type + " " + fit(where, 20) + "  " +
         text_at(inner, "title");
}

std::string shown_event(const Json& event, bool json) {
  if (json) return dump_json(event);
  return fit(feed_line(event), Output::width());
}

int list_feed(Backend& backend, const FeedOptions& options) {
  std::string after = options.after;
  std::uint64_t left = options.limit;
  while (left > 0) {
    ApiRequest request{"GET", "/v1/feed", {{"limit", std::to_string(std::min(left, kPage))}}};
    if (!after.empty()) request.query["after"] = after;
    if (!options.type.empty()) request.query["type"] = options.type;
    const auto page = backend.call_json(request);
    if (!page) return failed(page.error());
    for (const auto& event : (*page)["items"]) {
      if (!Output::line(shown_event(event, options.json))) return kDone;
    }
    left -= std::min<std::uint64_t>(left, (*page)["items"].size());
    after = text_at(*page, "next_page");
    if (after.empty()) return kDone;
  }
  if (!options.limit_given) say("there are more: --after " + after + ", or a larger --limit");
  return kDone;
}

// Cuts a stream of server-sent events into its data lines.
class StreamReader {
 public:
  explicit StreamReader(bool json) : json_(json) {}

  Result<void> take(std::string_view piece) {
    rest_ += piece;
    if (rest_.size() > kMaxStreamLine) return fail(Errc::limit_exceeded, "a line of 64 MiB");
    std::size_t begin = 0;
    for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', begin)) {
      const std::string_view line(rest_.data() + begin, end - begin);
      begin = end + 1;
      if (!line.starts_with("data: ")) continue;
      const auto event = parse_json(line.substr(6));
      if (event && !Output::line(shown_event(*event, json_))) ended_ = true;
    }
    rest_.erase(0, begin);
    if (!Output::flush()) ended_ = true;
    return ended_ ? fail(Errc::cancelled, "enough") : Result<void>();
  }
  bool ended() const { return ended_; }  // our own reader has gone

 private:
  bool json_;
  bool ended_ = false;
  std::string rest_;
};

int follow_feed(Backend& backend, const FeedOptions& options) {
  ApiRequest request{"GET", "/v1/feed", {}, {{"Accept", "text/event-stream"}}};
  if (!options.after.empty()) request.query["after"] = options.after;
  if (!options.type.empty()) request.query["type"] = options.type;
  StreamReader reader(options.json);
  const auto done =
      backend.stream(request, [&](std::string_view piece) { return reader.take(piece); });
  if (reader.ended()) return kDone;
  if (!done) return failed(done.error());
  say("`tidemark serve` has stopped");
  return kFailed;
}

TextTable audit_table() {
  return TextTable({{"SEQUENCE", true},
                    {"TIME"},
                    {"INPUT"},
                    {"EVENTS", true},
                    {"INSTANCE", false, true},
                    {"CORRELATION", false, false, true}});
}

void add_audit_row(TextTable& table, const Json& record) {
  const Json input = record.value("input", Json::object());
  const Json events = record.value("events", Json::array());
  table.add({text_at(record, "sequence"), text_at(record, "at").substr(0, 19),
             text_at(input, "type"), std::to_string(events.size()), text_at(record, "instance"),
             text_at(record, "correlation_id")});
}

Query audit_query(const AuditListOptions& options) {
  Query query;
  if (!options.correlation.empty()) query["correlation"] = options.correlation;
  if (!options.instance.empty()) query["instance"] = options.instance;
  if (!options.id.empty()) query["id"] = options.id;
  if (!options.dedupe_key.empty()) query["dedupe_key"] = options.dedupe_key;
  if (!options.type.empty()) query["type"] = options.type;
  if (!options.tenant.empty()) query["tenant"] = options.tenant;
  if (!options.since.empty()) query["since"] = options.since;
  if (!options.until.empty()) query["until"] = options.until;
  if (!options.after.empty()) query["after"] = options.after;
  return query;
}

}  // namespace

int run_feed(const Config& config, const FeedOptions& options) {
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    return options.follow ? follow_feed(backend, options) : list_feed(backend, options);
  });
}

int run_audit_list(const Config& config, const AuditListOptions& options) {
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    auto table = audit_table();
    Query query = audit_query(options);
    std::uint64_t left = options.limit;
    bool more = left > 0;
    while (more && left > 0) {
      query["limit"] = std::to_string(std::min(left, kPage));
      const auto page = backend.call_json({"GET", "/v1/audit", query});
      if (!page) return failed(page.error());
      for (const auto& record : (*page)["items"]) {
        if (!options.json) {
          add_audit_row(table, record);
        } else if (!Output::line(dump_json(record))) {
          return static_cast<int>(kDone);
        }
      }
      left -= std::min<std::uint64_t>(left, (*page)["items"].size());
      query["page"] = text_at(*page, "next_page");
      more = !query["page"].empty();
    }
    if (!table.empty()) Output::write(table.text(Output::width()));
    return static_cast<int>(kDone);
  });
}

namespace {

int show_tree(Backend& backend, const AuditShowOptions& options) {
  Query query{{"limit", std::to_string(options.limit)}};
  if (options.below) query["below"] = "true";
  const auto tree = backend.call_json({"GET", "/v1/audit/" + options.sequence + "/tree", query});
  if (!tree) return failed(tree.error());
  if (options.json) {
    Output::line(dump_json(*tree));
  } else {
    Output::write(cause_tree_text(*tree, Output::unicode(), Output::width()));
  }
  return kDone;
}

}  // namespace

int run_audit_show(const Config& config, const AuditShowOptions& options) {
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    if (options.tree) return show_tree(backend, options);
    const auto body = backend.call({"GET", "/v1/audit/" + options.sequence});
    if (!body) return failed(body.error());
    if (options.json) {
      Output::line(*body);
      return static_cast<int>(kDone);
    }
    const auto record = parse_json(*body);
    if (!record) return failed(to_failure(record.error()));
    show_fields(*record);
    return static_cast<int>(kDone);
  });
}

}  // namespace tidemark::app
