#include <expat.h>

#include "providers/caldav/multistatus.h"

namespace tidemark::caldav {
namespace {

struct Conditions {
  XML_Parser parser = nullptr;
  int depth = 0;
  bool is_error = false;
  std::vector<std::string> names;
};

void on_start(void* data, const XML_Char* name, const XML_Char**) noexcept {
  auto& conditions = *static_cast<Conditions*>(data);
  const std::string_view full(name);
  if (conditions.depth == 0) conditions.is_error = full == "DAV:\nerror";
  if (conditions.depth == 1 && conditions.is_error && conditions.names.size() < 20) {
    conditions.names.emplace_back(full.substr(full.rfind('\n') + 1));
  }
  if (++conditions.depth > 64) XML_StopParser(conditions.parser, XML_FALSE);
}

void on_end(void* data, const XML_Char*) noexcept {
  --static_cast<Conditions*>(data)->depth;
}

void on_doctype(void* data, const XML_Char*, const XML_Char*, const XML_Char*, int) noexcept {
  XML_StopParser(static_cast<Conditions*>(data)->parser, XML_FALSE);
}

}  // namespace

std::vector<std::string> error_conditions(std::string_view body) {
  constexpr std::size_t kMaxErrorBytes = 64U << 10;
  Conditions conditions;
  conditions.parser = XML_ParserCreateNS(nullptr, '\n');
  if (conditions.parser == nullptr) return {};
  XML_SetUserData(conditions.parser, &conditions);
  XML_SetElementHandler(conditions.parser, on_start, on_end);
  XML_SetStartDoctypeDeclHandler(conditions.parser, on_doctype);
  body = body.substr(0, kMaxErrorBytes);
  // What was read before a fault counts: a refused token must be recognised in a sloppy answer,
  // too.
  XML_Parse(conditions.parser, body.data(), static_cast<int>(body.size()), 1);
  XML_ParserFree(conditions.parser);
  return std::move(conditions.names);
}

}  // namespace tidemark::caldav
