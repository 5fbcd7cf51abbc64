#include "support/dav_server.h"

#include <algorithm>

namespace tidemark::test {
namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else
      out += c;
  }
  return out;
}

}  // namespace

DavServer::DavServer()
    : server_([this](const RawRequest& request, RawConnection& connection) {
        answer(request, connection);
      }) {}

void DavServer::on(const std::string& method, const std::string& path, Handler handler) {
  const std::lock_guard lock(mutex_);
  handlers_[{method, path}] = std::move(handler);
}

void DavServer::on(const std::string& method, const std::string& path, DavReply reply) {
  on(method, path, [reply](const RawRequest&) { return reply; });
}

std::size_t DavServer::count(const std::string& method, const std::string& body_part) const {
  const auto all = server_.requests();
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](const RawRequest& request) {
        return request.method == method && request.body.find(body_part) != std::string::npos;
      }));
}

void DavServer::answer(const RawRequest& request, RawConnection& connection) {
  Handler handler;
  {
    const std::lock_guard lock(mutex_);
    const auto found = handlers_.find({request.method, request.target});
    if (found != handlers_.end()) handler = found->second;
  }
  const DavReply reply = handler ? handler(request) : DavReply{404, "not here", {}};
  const bool typed = reply.headers.find("Content-Type") != std::string::npos;
  connection.reply(reply.status, reply.body,
                   reply.headers + (typed ? "" : "Content-Type: application/xml\r\n"));
}

std::string resource_row(const std::string& href, const std::string& etag,
                         const std::string& data) {
  std::string properties;
  if (!etag.empty()) properties += "<d:getetag>" + escaped(etag) + "</d:getetag>";
  if (!data.empty()) properties += "<c:calendar-data>" + escaped(data) + "</c:calendar-data>";
  std::string row = "<d:response><d:href>" + escaped(href) + "</d:href><d:propstat><d:prop>" +
                    properties + "</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>";
  if (data.empty()) {
    row +=
        "<d:propstat><d:prop><c:calendar-data/></d:prop>"
        "<d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>";
  }
  return row + "</d:response>";
}

std::string status_row(const std::string& href, int status) {
  return "<d:response><d:href>" + escaped(href) + "</d:href><d:status>HTTP/1.1 " +
         std::to_string(status) + " Said</d:status></d:response>";
}

std::string truncation_row(const std::string& collection) {
  return "<d:response><d:href>" + escaped(collection) +
         "</d:href><d:status>HTTP/1.1 507 Insufficient Storage</d:status>"
         "<d:error><d:number-of-matches-within-limits/></d:error></d:response>";
}

std::string property_row(const std::string& href, const std::string& properties) {
  return "<d:response><d:href>" + escaped(href) + "</d:href><d:propstat><d:prop>" + properties +
         "</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>";
}

std::string multistatus(const std::string& rows, const std::string& sync_token) {
  const std::string token =
      sync_token.empty() ? "" : "<d:sync-token>" + escaped(sync_token) + "</d:sync-token>";
  return "<?xml version=\"1.0\" encoding=\"utf-8\"?><d:multistatus xmlns:d=\"DAV:\" "
         "xmlns:c=\"urn:ietf:params:xml:ns:caldav\" xmlns:cs=\"http://calendarserver.org/ns/\">" +
         rows + token + "</d:multistatus>";
}

DavReply refusal(int status, const std::string& condition) {
  if (condition.empty()) return {status, "refused", "Content-Type: text/plain\r\n"};
  return {status,
          "<?xml version=\"1.0\"?><d:error xmlns:d=\"DAV:\"><d:" + condition + "/></d:error>",
          {}};
}

}  // namespace tidemark::test
