#include "sim/faults.h"

namespace tidemark::sim {
namespace {

struct Kind {
  std::string_view name;
  unsigned per_ten_thousand;  // of its occasions, in a world of middling temper
};
constexpr std::array<Kind, kFaultKinds> kKinds{{
    {"connection_refused", 100},    {"request_lost", 100},      {"request_doubled", 200},
    {"answer_lost", 150},           {"answer_late", 200},       {"answer_cut", 150},
    {"server_error", 150},          {"server_busy", 100},       {"credentials_refused", 4},
    {"quota_used_up", 150},         {"sync_token_gone", 600},   {"page_tokens_forgotten", 400},
    {"access_tokens_expired", 400}, {"grant_revoked", 60},      {"calendar_forbidden", 100},
    {"server_down", 300},           {"progress_doubled", 500},  {"completion_late", 500},
    {"receiver_error", 500},        {"receiver_down", 600},     {"commit_fails", 60},
    {"disk_trouble", 15},           {"short_write", 40},        {"torn_tail", 3000},
    {"crash_before_commit", 40},    {"crash_after_commit", 40}, {"crash_at_effect", 60},
    {"crash_at_completion", 60},    {"crash_at_rest", 100},     {"crash_in_recovery", 1000},
    {"clock_forward", 200},         {"clock_back", 200},
}};

}  // namespace

std::string_view name(Fault fault) {
  return kKinds[static_cast<std::size_t>(fault)].name;
}

Faults::Faults(Random& random) : random_(random) {
  for (std::size_t i = 0; i < kFaultKinds; ++i) {
    constexpr std::array<unsigned, 6> kTempers{0, 0, 1, 1, 2, 5};
    per_ten_thousand_[i] = kKinds[i].per_ten_thousand * kTempers[random_.below(kTempers.size())];
  }
}

bool Faults::strikes(Fault fault) {
  const auto index = static_cast<std::size_t>(fault);
  if (ceased_ || per_ten_thousand_[index] == 0) return false;
  if (random_.below(10'000) >= per_ten_thousand_[index]) return false;
  ++counts_[index];
  return true;
}

}  // namespace tidemark::sim
