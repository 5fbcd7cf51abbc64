#include "providers/caldav/dav_client.h"

#include <algorithm>

#include "base/text.h"

namespace tidemark::caldav {
namespace {

// How much of a wrong answer is still read, so that the message can name its Content-Type.
constexpr std::size_t kMaxReadAfterFault = 256U << 10;
constexpr std::size_t kFirstWords = 120;

// Feeds a parser, keeps the first words for messages, and outlives a fault for a while.
class MultistatusSink {
 public:
  explicit MultistatusSink(MultistatusParser& parser) : parser_(parser) {}

  Result<void> operator()(std::string_view piece) {
    if (first_.size() < kFirstWords) first_ += piece.substr(0, kFirstWords - first_.size());
    if (!fault_) {
      if (auto fed = parser_.feed(piece); !fed) fault_ = std::move(fed).error();
      if (!fault_) return {};
      if (fault_->code != Errc::protocol_error) return fail(*fault_);
    }
    after_fault_ += piece.size();
    return after_fault_ > kMaxReadAfterFault ? Result<void>(fail(*fault_)) : Result<void>{};
  }

  const std::optional<Error>& fault() const { return fault_; }
  std::string first_words() const {
    std::string words = to_valid_utf8(trim(first_));
    std::replace_if(
        words.begin(), words.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; },
        ' ');
    return words;
  }

 private:
  MultistatusParser& parser_;
  std::optional<Error> fault_;
  std::string first_;
  std::size_t after_fault_ = 0;
};

Error with_first_words(Error error, const MultistatusSink& sink, const HttpHeaders* headers) {
  if (error.code != Errc::protocol_error && error.code != Errc::parse_error) return error;
  if (headers != nullptr) {
    error.message +=
        "; Content-Type " + find_header(*headers, "Content-Type").value_or("is missing");
  }
  error.message += "; it begins \"" + sink.first_words() + "\"";
  return error;
}

// XML makes LF of the CRLF that ends a line of iCalendar (XML 1.0, 2.11). So that a resource has
// the same bytes whether a listing brings it or it is got by itself, it has the same done here.
void drop_returns(std::string& text) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool ends_line = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (!ends_line) text[kept++] = text[i];
  }
  text.resize(kept);
}

}  // namespace

bool DavAnswer::has_condition(std::string_view name) const {
  return std::find(conditions.begin(), conditions.end(), name) != conditions.end();
}

std::string strong_etag(std::string_view etag) {
  etag = trim(etag);
  if (etag.starts_with("W/") || etag.starts_with("w/") || etag == "\"\"") return {};
  return std::string(etag);
}

DavClient::DavClient(HttpClient& http, const AccountSettings& settings) : client_(http, settings) {}

Result<DavAnswer> DavClient::send(const DavRequest& request, const Url& url,
                                  const RowHandler& handler) const {
  MultistatusLimits limits;
  limits.calendar_data_bytes = settings().max_resource_bytes;
  MultistatusParser parser(limits, handler);
  MultistatusSink sink(parser);
  HttpRequest http;
  http.method = request.method;
  http.headers = {{"Content-Type", "application/xml; charset=utf-8"}, {"Depth", request.depth}};
  http.body = request.body;
  http.max_body_bytes = request.max_body_bytes;
  const std::string context =
      "account " + settings().id + ": " + request.doing + " " + url.for_messages();
  auto sent =
      client_.send(std::move(http), url, [&sink](std::string_view piece) { return sink(piece); });
  if (!sent) {
    Error error = std::move(sent).error();
    if (sink.fault()) error = with_first_words(*sink.fault(), sink, nullptr);
    return fail(in_context(context, std::move(error)));
  }
  DavAnswer answer;
  answer.status = sent->response.status;
  answer.url = sent->url;
  if (answer.status < 200 || answer.status > 299) {
    answer.conditions = error_conditions(sent->response.body);
    answer.error = status_error(settings(), *sent, request.doing);
    return answer;
  }
  std::optional<Error> fault = sink.fault();
  if (!fault) {
    if (auto finished = parser.finish(); !finished) fault = std::move(finished).error();
  }
  if (fault) {
    return fail(in_context(context, with_first_words(*fault, sink, &sent->response.headers)));
  }
  answer.status = 207;
  answer.sync_token = parser.sync_token();
  return answer;
}

Result<DavAnswer> DavClient::get(const Url& url, std::string& bytes, std::string& etag) const {
  HttpRequest http;
  http.headers = {{"Accept", "text/calendar, */*;q=0.1"}};
  http.max_body_bytes = settings().max_body_bytes;
  bytes.clear();
  const std::uint64_t limit = settings().max_resource_bytes;
  const auto sink = [&bytes, limit](std::string_view piece) -> Result<void> {
    if (bytes.size() + piece.size() > limit) {
      return fail(Errc::limit_exceeded,
                  "larger than the limit of one resource, " + format_size(limit));
    }
    bytes += piece;
    return {};
  };
  TM_ASSIGN(const RedirectedAnswer sent, client_.send(std::move(http), url, sink));
  DavAnswer answer;
  answer.status = sent.response.status;
  answer.url = sent.url;
  if (answer.status == 200) {
    drop_returns(bytes);
    etag = strong_etag(find_header(sent.response.headers, "ETag").value_or(""));
  } else {
    answer.error = status_error(settings(), sent, "reading");
  }
  return answer;
}

Result<DavAnswer> DavClient::change(const std::string& method, const Url& url,
                                    const HttpHeaders& condition,
                                    const std::string& icalendar) const {
  HttpRequest http;
  http.method = method;
  http.headers = condition;
  if (!icalendar.empty()) {
    http.headers.emplace_back("Content-Type", "text/calendar; charset=utf-8");
    http.body = icalendar;
  }
  TM_ASSIGN(const RedirectedAnswer sent, client_.send(std::move(http), url, {}));
  DavAnswer answer;
  answer.status = sent.response.status;
  answer.url = sent.url;
  if (answer.status >= 200 && answer.status <= 299) {
    answer.etag = strong_etag(find_header(sent.response.headers, "ETag").value_or(""));
  } else {
    answer.conditions = error_conditions(sent.response.body);
    answer.error = status_error(settings(), sent, "writing");
  }
  return answer;
}

}  // namespace tidemark::caldav
