#include "sim/served_event.h"

namespace tidemark::sim {

std::string between(const std::string& text, const std::string& open, const std::string& close) {
  const auto begin = text.find(open);
  if (begin == std::string::npos) return {};
  const auto end = text.find(close, begin);
  return text.substr(begin + open.size(), end - begin - open.size());
}

std::string line_of(const std::string& body, const std::string& name) {
  return between(body, name, "\r\n");
}

namespace {

std::string two_digits(std::uint64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

}  // namespace

std::string body_of(const std::string& tenant, const std::string& uid, std::uint64_t version) {
  std::string body =
      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//sim//EN\r\nBEGIN:VEVENT\r\nUID:" + uid +
      "\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:202603" + two_digits(1 + version % 28) + "T" +
      two_digits(version % 24) + "0000Z\r\nDURATION:PT1H\r\nSUMMARY:" + tenant + " v" +
      std::to_string(version) + "\r\n";
  if (version % 5 == 0)
    body += "RRULE:FREQ=WEEKLY;COUNT=" + std::to_string(2 + version % 7) + "\r\n";
  if (version % 7 == 0) body += "DESCRIPTION:" + std::string(version % 300, 'x') + "\r\n";
  return body + "END:VEVENT\r\nEND:VCALENDAR\r\n";
}

std::string rewritten(std::string body) {
  const auto product = body.find("PRODID:");
  if (product != std::string::npos) {
    const auto end = body.find("\r\n", product);
    body.replace(product, end - product, "PRODID:-//sim rewrites//EN");
  }
  const std::string mark = "X-SIM-REWRITTEN:1\r\n";
  const auto last = body.rfind("END:VEVENT");
  if (last != std::string::npos && body.find(mark) == std::string::npos) body.insert(last, mark);
  return body;
}

}  // namespace tidemark::sim
