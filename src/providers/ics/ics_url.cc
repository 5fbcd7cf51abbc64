#include "providers/ics/ics_url.h"

#include "base/json.h"
#include "base/sha256.h"
#include "base/text.h"
#include "providers/ics/whole_calendar.h"
#include "providers/item_emitter.h"

namespace tidemark::ics {
namespace {

constexpr int kVersion = 1;

AccountSettings with_http_url(AccountSettings settings) {
  settings.url = http_url(settings.url);
  return settings;
}

// What the server said of the bytes that were last mirrored.
struct Seen {
  std::string etag;
  std::string modified;
  std::string digest;
};

Seen read_cursor(const std::string& text) {
  Seen seen;
  const auto json = parse_json(text);
  if (!json || !json->is_object() || json->value("v", Json()) != kVersion) return seen;
  const auto member = [&](const char* name) {
    const auto found = json->find(name);
    return found != json->end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  return {member("etag"), member("modified"), member("digest")};
}

std::string write_cursor(const Seen& seen) {
  return dump_json(Json{
      {"v", kVersion}, {"etag", seen.etag}, {"modified", seen.modified}, {"digest", seen.digest}});
}

std::string last_segment(const Url& url) {
  std::string_view path = url.path;
  while (path.ends_with('/')) path.remove_suffix(1);
  path = path.substr(path.rfind('/') + 1);
  const auto decoded = percent_decode(path);
  return to_valid_utf8(decoded ? std::string_view(*decoded) : path);
}

std::string calendar_name(const Url& url) {
  std::string name = last_segment(url);
  if (to_lower_ascii(name).ends_with(".ics")) name.resize(name.size() - 4);
  return name.empty() ? url.host : name;
}

// The query of a private calendar's URL is often its only secret: the id shows a digest of it.
std::string calendar_id(const Url& url) {
  Url shown = url;
  shown.query.clear();
  constexpr std::size_t kDigits = 16;
  const std::string digest =
      url.query.empty() ? "" : "?" + to_hex(sha256(url.query)).substr(0, kDigits);
  return shown.to_string() + digest;
}

}  // namespace

std::string http_url(const std::string& url) {
  const std::string start = to_lower_ascii(url.substr(0, 10));
  if (start.starts_with("webcal://")) return "http" + url.substr(6);
  if (start.starts_with("webcals://")) return "https" + url.substr(7);
  return url;
}

UrlCalendar::UrlCalendar(const AccountSettings& settings, HttpClient& http)
    : client_(http, with_http_url(settings)) {}

Result<Discovery> UrlCalendar::discover() const {
  TM_ASSIGN(const Url url, parse_url(client_.settings().url));
  RemoteCalendar calendar;
  calendar.id = calendar_id(url);
  calendar.name = calendar_name(url);
  calendar.read_only = true;
  return Discovery{{std::move(calendar)}, {}};
}

Result<PullResult> UrlCalendar::pull(const PullRequest& request, const KnownResources& known,
                                     const ItemSink& sink) const {
  TM_ASSIGN(const Url url, parse_url(client_.settings().url));
  const std::string where =
      "account " + client_.settings().id + ": the calendar at " + url.for_messages();
  // What an earlier attempt in the same pass has shown may be gone by now, and none of the headers
  // of before would tell: it is taken back, and what is still there comes again.
  std::vector<std::string> shown;
  TM_TRY(known.for_each([&](const KnownResource& one) {
    if (one.in_this_pass) shown.push_back(one.href);
    return true;
  }));
  const bool again = known.interrupted() || !shown.empty();
  const bool conditional = request.mode == PullMode::incremental && !again;
  const Seen before = conditional ? read_cursor(request.cursor) : Seen{};
  HttpRequest http;
  http.headers = {{"Accept", "text/calendar, */*;q=0.1"}};
  http.max_body_bytes = client_.settings().max_body_bytes;
  if (!before.etag.empty()) http.headers.emplace_back("If-None-Match", before.etag);
  if (!before.modified.empty()) http.headers.emplace_back("If-Modified-Since", before.modified);
  std::string bytes;
  auto answer =
      client_.send(std::move(http), url, [&bytes](std::string_view piece) -> Result<void> {
        bytes += piece;
        return {};
      });
  if (!answer) return fail(in_context(where, std::move(answer).error()));
  if (answer->response.status == 304 && conditional) {
    return PullResult{request.cursor, true, false, false};
  }
  if (answer->response.status != 200) {
    return fail(status_error(client_.settings(), *answer, "reading"));
  }
  if (auto whole = check_whole_calendar(bytes); !whole) {
    const auto type = find_header(answer->response.headers, "Content-Type");
    return fail(Errc::protocol_error, where + " " + whole.error().message + " (Content-Type " +
                                          type.value_or("is missing") +
                                          "); the mirror is kept as it is");
  }
  const auto header = [&](const char* name) {
    return find_header(answer->response.headers, name).value_or("");
  };
  const Seen now{header("ETag"), header("Last-Modified"), to_hex(sha256(bytes))};
  const std::string cursor = write_cursor(now);
  if (now.digest == before.digest) return PullResult{cursor, true, false, false};
  ItemEmitter out(sink);
  for (std::string& href : shown) {
    TM_TRY(out.add({.kind = RemoteItem::Kind::deleted, .href = std::move(href)}));
  }
  RemoteItem whole;
  whole.href = "calendar.ics";
  whole.bytes = std::move(bytes);
  whole.many_uids = true;
  TM_TRY(out.add(std::move(whole)));
  TM_TRY(out.flush());
  return PullResult{cursor, true, true, false};
}

}  // namespace tidemark::ics
