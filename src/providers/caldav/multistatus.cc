#include "providers/caldav/multistatus.h"

#include <expat.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace tidemark::caldav {
namespace {

enum class Tag {
  other,
  multistatus,
  response,
  href,
  status,
  propstat,
  prop,
  error,
  sync_token,
  etag,
  calendar_data,
  display_name,
  color,
  description,
  ctag,
  resource_type,
  collection,
  calendar,
  schedule_inbox,
  schedule_outbox,
  component_set,
  component,
  privilege_set,
  privilege,
  principal,
  home_set,
};

// Expat joins namespace and name with the separator it was given; '\n' cannot occur in either.
constexpr char kSeparator = '\n';

struct Name {
  std::string_view text;
  Tag tag;
};

constexpr std::array kNames{
    Name{"DAV:\nmultistatus", Tag::multistatus},
    Name{"DAV:\nresponse", Tag::response},
    Name{"DAV:\nhref", Tag::href},
    Name{"DAV:\nstatus", Tag::status},
    Name{"DAV:\npropstat", Tag::propstat},
    Name{"DAV:\nprop", Tag::prop},
    Name{"DAV:\nerror", Tag::error},
    Name{"DAV:\nsync-token", Tag::sync_token},
    Name{"DAV:\ngetetag", Tag::etag},
    Name{"DAV:\ndisplayname", Tag::display_name},
    Name{"DAV:\nresourcetype", Tag::resource_type},
    Name{"DAV:\ncollection", Tag::collection},
    Name{"DAV:\ncurrent-user-privilege-set", Tag::privilege_set},
    Name{"DAV:\nprivilege", Tag::privilege},
    Name{"DAV:\ncurrent-user-principal", Tag::principal},
    Name{"urn:ietf:params:xml:ns:caldav\ncalendar-data", Tag::calendar_data},
    Name{"urn:ietf:params:xml:ns:caldav\ncalendar", Tag::calendar},
    Name{"urn:ietf:params:xml:ns:caldav\ncalendar-description", Tag::description},
    Name{"urn:ietf:params:xml:ns:caldav\nschedule-inbox", Tag::schedule_inbox},
    Name{"urn:ietf:params:xml:ns:caldav\nschedule-outbox", Tag::schedule_outbox},
    Name{"urn:ietf:params:xml:ns:caldav\nsupported-calendar-component-set", Tag::component_set},
    Name{"urn:ietf:params:xml:ns:caldav\ncomp", Tag::component},
    Name{"urn:ietf:params:xml:ns:caldav\ncalendar-home-set", Tag::home_set},
    Name{"http://calendarserver.org/ns/\ngetctag", Tag::ctag},
    Name{"http://apple.com/ns/ical/\ncalendar-color", Tag::color},
};

Tag tag_of(std::string_view name) {
  for (const Name& known : kNames) {
    if (known.text == name) return known.tag;
  }
  return Tag::other;
}

std::string_view local_name(std::string_view name) {
  return name.substr(name.rfind(kSeparator) + 1);
}

bool holds_text(Tag tag) {
  switch (tag) {
    case Tag::href:
    case Tag::status:
    case Tag::sync_token:
    case Tag::etag:
    case Tag::calendar_data:
    case Tag::display_name:
    case Tag::color:
    case Tag::description:
    case Tag::ctag: return true;
    default: return false;
  }
}

// "HTTP/1.1 404 Not Found" as a number; 0 when it is none.
int status_number(std::string_view line) {
  line = trim(line);
  if (const std::size_t space = line.find(' ');
      line.starts_with("HTTP/") && space != std::string_view::npos) {
    line = trim(line.substr(space));
  }
  int number = 0;
  for (const char c : line.substr(0, 3)) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + (c - '0');
  }
  return number;
}

template <class T>
void take(std::optional<T>& to, std::optional<T>& from) {
  if (from) to = std::move(from);
}

void append(std::vector<std::string>& to, std::vector<std::string>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

void merge(DavProperties& to, DavProperties&& from) {
  take(to.etag, from.etag);
  take(to.calendar_data, from.calendar_data);
  take(to.display_name, from.display_name);
  take(to.color, from.color);
  take(to.description, from.description);
  take(to.ctag, from.ctag);
  take(to.sync_token, from.sync_token);
  take(to.components, from.components);
  take(to.privileges, from.privileges);
  to.calendar_data_too_large |= from.calendar_data_too_large;
  to.is_collection |= from.is_collection;
  to.is_calendar |= from.is_calendar;
  to.is_scheduling |= from.is_scheduling;
  append(to.principals, from.principals);
  append(to.home_sets, from.home_sets);
}

constexpr std::size_t kMaxListLength = 1000;

void push(std::vector<std::string>& list, std::string value) {
  if (list.size() < kMaxListLength) list.push_back(std::move(value));
}

}  // namespace

struct MultistatusParser::Impl {
  Impl(MultistatusLimits limits_in, RowHandler handler_in)
      : limits(limits_in), handler(std::move(handler_in)) {
    parser = XML_ParserCreateNS(nullptr, kSeparator);
    if (parser == nullptr) return;
    XML_SetUserData(parser, this);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    XML_SetStartDoctypeDeclHandler(parser, on_doctype);
  }
  ~Impl() {
    if (parser != nullptr) XML_ParserFree(parser);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // Expat is C: nothing may be thrown through it, so running out of memory here ends the process.
  static void on_start(void* self, const XML_Char* name, const XML_Char** attributes) noexcept {
    static_cast<Impl*>(self)->start(name, attributes);
  }
  static void on_end(void* self, const XML_Char*) noexcept { static_cast<Impl*>(self)->end(); }
  static void on_text(void* self, const XML_Char* text, int length) noexcept {
    static_cast<Impl*>(self)->characters({text, static_cast<std::size_t>(length)});
  }
  static void on_doctype(void* self, const XML_Char*, const XML_Char*, const XML_Char*,
                         int) noexcept {
    static_cast<Impl*>(self)->stop(
        {Errc::protocol_error,
         "the answer declares a document type (DTD); WebDAV has none, so it is an HTML page or an "
         "attack, and is not read"});
  }

  void stop(Error reason) {
    if (error) return;
    error = std::move(reason);
    XML_StopParser(parser, XML_FALSE);
  }

  Tag parent() const { return stack.size() < 2 ? Tag::other : stack[stack.size() - 2]; }

  void start(std::string_view name, const XML_Char** attributes) {
    if (error) return;
    if (stack.size() >= limits.depth) {
      return stop({Errc::limit_exceeded,
                   "the answer nests XML elements deeper than " + std::to_string(limits.depth)});
    }
    const Tag tag = tag_of(name);
    if (stack.empty() && tag != Tag::multistatus) {
      return stop({Errc::protocol_error, "the answer's root element is <" +
                                             std::string(local_name(name).substr(0, 60)) +
                                             ">, not a WebDAV multistatus"});
    }
    stack.push_back(tag);
    text.clear();
    text_too_large = false;
    begin(tag, name, attributes);
  }

  void begin(Tag tag, std::string_view name, const XML_Char** attributes) {
    switch (parent()) {
      case Tag::resource_type:
        properties.is_collection |= tag == Tag::collection;
        properties.is_calendar |= tag == Tag::calendar;
        properties.is_scheduling |= tag == Tag::schedule_inbox || tag == Tag::schedule_outbox;
        break;
      case Tag::privilege:
        if (properties.privileges) push(*properties.privileges, std::string(local_name(name)));
        break;
      case Tag::error: push(row.conditions, std::string(local_name(name).substr(0, 100))); break;
      default: break;
    }
    switch (tag) {
      case Tag::response: row = DavRow{}; break;
      case Tag::propstat:
        properties = DavProperties{};
        propstat_status = 0;
        break;
      case Tag::component_set: properties.components.emplace(); break;
      case Tag::privilege_set: properties.privileges.emplace(); break;
      case Tag::component: add_component(attributes); break;
      default: break;
    }
    std::size_t count = 0;
    while (attributes[count] != nullptr) ++count;
    if (count / 2 > limits.attributes) {
      stop({Errc::limit_exceeded, "the answer has an XML element with more than " +
                                      std::to_string(limits.attributes) + " attributes"});
    }
  }

  void add_component(const XML_Char** attributes) {
    if (!properties.components) return;
    for (; attributes[0] != nullptr; attributes += 2) {
      if (std::string_view(attributes[0]) != "name") continue;
      std::string upper(std::string_view(attributes[1]).substr(0, 100));
      for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      push(*properties.components, std::move(upper));
    }
  }

  void characters(std::string_view piece) {
    if (error || stack.empty() || !holds_text(stack.back())) return;
    const bool is_data = stack.back() == Tag::calendar_data;
    const std::uint64_t limit = is_data ? limits.calendar_data_bytes : limits.text_bytes;
    if (text.size() + piece.size() <= limit && !text_too_large) {
      text += piece;
    } else if (is_data) {
      text_too_large = true;
      std::string().swap(text);
    } else {
      stop({Errc::limit_exceeded,
            "the answer has a property longer than " + format_size(limits.text_bytes)});
    }
  }

  void end() {
    if (error) return;
    const Tag tag = stack.back();
    const Tag within = parent();
    stack.pop_back();
    switch (tag) {
      case Tag::response: finish_row(within); break;
      case Tag::propstat:
        if (propstat_status >= 200 && propstat_status < 300) {
          merge(row.properties, std::move(properties));
        }
        break;
      case Tag::status:
        if (within == Tag::propstat) propstat_status = status_number(text);
        if (within == Tag::response) row.status = status_number(text);
        break;
      case Tag::sync_token:
        if (within == Tag::multistatus) token = std::string(trim(text));
        if (within == Tag::prop) properties.sync_token = std::string(trim(text));
        break;
      case Tag::href: finish_href(within); break;
      default:
        if (within == Tag::prop) finish_property(tag);
        break;
    }
  }

  void finish_row(Tag within) {
    if (within != Tag::multistatus) return;
    if (auto handled = handler(std::move(row)); !handled) stop(std::move(handled).error());
    row = DavRow{};
  }

  void finish_href(Tag within) {
    std::string href(trim(text));
    if (within == Tag::response)
      push(row.hrefs, std::move(href));
    else if (within == Tag::principal)
      push(properties.principals, std::move(href));
    else if (within == Tag::home_set)
      push(properties.home_sets, std::move(href));
  }

  void finish_property(Tag tag) {
    switch (tag) {
      case Tag::etag: properties.etag = std::string(trim(text)); break;
      case Tag::calendar_data:
        properties.calendar_data_too_large = text_too_large;
        properties.calendar_data = std::move(text);
        break;
      case Tag::display_name: properties.display_name = std::string(trim(text)); break;
      case Tag::color: properties.color = std::string(trim(text)); break;
      case Tag::description: properties.description = std::string(trim(text)); break;
      case Tag::ctag: properties.ctag = std::string(trim(text)); break;
      default: break;
    }
  }

  Result<void> parse(std::string_view piece, bool last) {
    if (parser == nullptr) return fail(Errc::internal, "no memory for an XML parser");
    if (error) return fail(*error);
    const auto status = XML_Parse(parser, piece.data(), static_cast<int>(piece.size()), last);
    if (error) return fail(*error);
    if (status != XML_STATUS_OK) {
      began = began || !stack.empty();
      error = Error{began ? Errc::parse_error : Errc::protocol_error,
                    std::string("the answer is not well-formed XML (") +
                        XML_ErrorString(XML_GetErrorCode(parser)) + " in line " +
                        std::to_string(XML_GetCurrentLineNumber(parser)) + ")",
                    {}};
      return fail(*error);
    }
    fed += piece.size();
    began = began || !stack.empty();
    const XML_Index consumed = XML_GetCurrentByteIndex(parser);
    if (!last &&
        fed > static_cast<std::uint64_t>(std::max<XML_Index>(consumed, 0)) + limits.token_bytes) {
      error = Error{
          Errc::limit_exceeded,
          "the answer has an XML tag or comment longer than " + format_size(limits.token_bytes),
          {}};
      return fail(*error);
    }
    return {};
  }

  MultistatusLimits limits;
  RowHandler handler;
  XML_Parser parser = nullptr;
  std::optional<Error> error;
  std::uint64_t fed = 0;
  bool began = false;  // the root element was a multistatus
  std::vector<Tag> stack;
  std::string text;
  bool text_too_large = false;
  DavRow row;
  DavProperties properties;  // of the propstat being read
  int propstat_status = 0;
  std::string token;
};

MultistatusParser::MultistatusParser(MultistatusLimits limits, RowHandler handler)
    : impl_(std::make_unique<Impl>(limits, std::move(handler))) {}
MultistatusParser::~MultistatusParser() = default;

Result<void> MultistatusParser::feed(std::string_view piece) {
  // Small steps keep the unread rest, which expat has to buffer, measurable.
  constexpr std::size_t kStep = 64U << 10;
  while (!piece.empty()) {
    TM_TRY(impl_->parse(piece.substr(0, kStep), false));
    piece.remove_prefix(std::min(kStep, piece.size()));
  }
  return {};
}

Result<void> MultistatusParser::finish() {
  return impl_->parse({}, true);
}

const std::string& MultistatusParser::sync_token() const {
  return impl_->token;
}

}  // namespace tidemark::caldav
