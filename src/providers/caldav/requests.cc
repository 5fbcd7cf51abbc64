#include "providers/caldav/requests.h"

#include "providers/caldav/href.h"

namespace tidemark::caldav {
namespace {

constexpr std::string_view kDeclaration = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
constexpr std::string_view kNamespaces =
    " xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\""
    " xmlns:cs=\"http://calendarserver.org/ns/\" xmlns:a=\"http://apple.com/ns/ical/\">";

std::string document(std::string_view root, std::string_view content) {
  std::string text(kDeclaration);
  text.append("<").append(root).append(kNamespaces).append(content);
  return text.append("</").append(root).append(">");
}

std::string propfind(std::string_view properties) {
  return document("d:propfind", "<d:prop>" + std::string(properties) + "</d:prop>");
}

constexpr std::string_view kEtagAndData = "<d:prop><d:getetag/><c:calendar-data/></d:prop>";

}  // namespace

std::string escape_xml(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string principal_propfind() {
  return propfind(
      "<d:resourcetype/><d:displayname/><d:current-user-principal/><c:calendar-home-set/>"
      "<c:supported-calendar-component-set/><c:calendar-description/><a:calendar-color/>"
      "<d:current-user-privilege-set/>");
}

std::string calendars_propfind() {
  return propfind(
      "<d:resourcetype/><d:displayname/><c:supported-calendar-component-set/>"
      "<c:calendar-description/><a:calendar-color/><d:current-user-privilege-set/>");
}

std::string etags_propfind() {
  return propfind("<d:resourcetype/><d:getetag/>");
}
std::string ctag_propfind() {
  return propfind("<cs:getctag/>");
}
std::string sync_token_propfind() {
  return propfind("<d:sync-token/>");
}
std::string exists_propfind() {
  return propfind("<d:resourcetype/>");
}

std::string sync_collection_report(std::string_view token, bool with_data) {
  const std::string head =
      "<d:sync-token>" + escape_xml(token) + "</d:sync-token><d:sync-level>1</d:sync-level>";
  return document("d:sync-collection",
                  head + std::string(with_data ? kEtagAndData : "<d:prop><d:getetag/></d:prop>"));
}

std::string calendar_query_report(QueryScope scope) {
  const std::string within =
      scope == QueryScope::events ? "<c:comp-filter name=\"VEVENT\"/>" : std::string();
  return document("c:calendar-query", std::string(kEtagAndData) +
                                          "<c:filter><c:comp-filter name=\"VCALENDAR\">" + within +
                                          "</c:comp-filter></c:filter>");
}

std::string multiget_report(const std::vector<std::string>& keys) {
  std::string content(kEtagAndData);
  for (const std::string& key : keys) {
    content += "<d:href>" + escape_xml(encode_href(key)) + "</d:href>";
  }
  return document("c:calendar-multiget", content);
}

}  // namespace tidemark::caldav
