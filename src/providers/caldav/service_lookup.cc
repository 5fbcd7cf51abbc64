#include "providers/caldav/service_lookup.h"

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>

#include <array>
#include <string_view>

namespace tidemark::caldav {
namespace {

using Answer = std::array<unsigned char, 16'384>;

// The resolver keeps its state in a struct that must be closed.
class Resolver {
 public:
  Resolver() : ready_(res_ninit(&state_) == 0) {}
  ~Resolver() {
    if (ready_) res_nclose(&state_);
  }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // True when `message` was set from an answer.
  bool query(const std::string& name, int type, Answer& answer, ns_msg& message) {
    if (!ready_) return false;
    const int length = res_nquery(&state_, name.c_str(), ns_c_in, type, answer.data(),
                                  static_cast<int>(answer.size()));
    if (length <= 0 || static_cast<std::size_t>(length) > answer.size()) return false;
    return ns_initparse(answer.data(), length, &message) == 0;
  }

 private:
  struct __res_state state_ {};
  bool ready_;
};

bool may_be_a_domain(std::string_view host) {
  const std::size_t dot = host.rfind('.');
  if (dot == std::string_view::npos || dot + 1 >= host.size() || host.front() == '[') return false;
  const char last = host.back();
  return !(last >= '0' && last <= '9') && !host.ends_with(".localhost");
}

std::optional<ServiceLocation> best_service(ns_msg& message) {
  std::optional<ServiceLocation> best;
  unsigned best_priority = 0;
  for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
    ns_rr record;
    if (ns_parserr(&message, ns_s_an, i, &record) != 0) continue;
    if (ns_rr_type(record) != ns_t_srv || ns_rr_rdlen(record) < 7) continue;
    const unsigned char* data = ns_rr_rdata(record);
    std::array<char, NS_MAXDNAME> target{};
    if (dn_expand(ns_msg_base(message), ns_msg_end(message), data + 6, target.data(),
                  static_cast<int>(target.size())) <= 0) {
      continue;
    }
    const unsigned priority = ns_get16(data);
    std::string host(target.data());
    if (host.ends_with('.')) host.pop_back();
    if (host.empty() || (best && best_priority <= priority)) continue;
    best_priority = priority;
    best = ServiceLocation{std::move(host), static_cast<std::uint16_t>(ns_get16(data + 4)), {}};
  }
  return best;
}

std::string context_path(ns_msg& message) {
  for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
    ns_rr record;
    if (ns_parserr(&message, ns_s_an, i, &record) != 0) continue;
    if (ns_rr_type(record) != ns_t_txt || ns_rr_rdlen(record) < 1) continue;
    const unsigned char* data = ns_rr_rdata(record);
    const std::size_t length = std::min<std::size_t>(data[0], ns_rr_rdlen(record) - 1U);
    const std::string_view text(reinterpret_cast<const char*>(data + 1), length);
    if (text.starts_with("path=/")) return std::string(text.substr(5));
  }
  return {};
}

}  // namespace

Result<std::optional<ServiceLocation>> lookup_service(const std::string& domain) {
  if (!may_be_a_domain(domain)) return std::optional<ServiceLocation>{};
  const std::string name = "_caldavs._tcp." + domain;
  Resolver resolver;
  Answer answer{};
  ns_msg message{};
  if (!resolver.query(name, ns_t_srv, answer, message)) return std::optional<ServiceLocation>{};
  std::optional<ServiceLocation> service = best_service(message);
  if (service && resolver.query(name, ns_t_txt, answer, message)) {
    service->path = context_path(message);
  }
  return service;
}

}  // namespace tidemark::caldav
