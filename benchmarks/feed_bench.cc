// Feed pages per second on one core: pages of 100 events, whole feed and one tenant's.
//
//   feed_bench [--check]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <variant>

#include "base/metrics.h"
#include "engine/engine.h"
#include "engine/journal.h"

namespace {

using namespace tidemark;

constexpr int kRecords = 500;
constexpr int kEventsEach = 20;
constexpr double kTargetPerSecond = 2000;

// Emits events about as large as a calendar's.
struct Emitter {
  static constexpr std::string_view kind = "emitter";
  static constexpr std::uint32_t version = 1;
  struct State {};
  struct Emit {};
  using Input = std::variant<Emit>;

  static std::string encode(const State&) { return "-"; }
  static Result<State> decode_state(std::string_view) { return State{}; }
  static Result<Input> decode_input(std::string_view, std::string_view) { return Emit{}; }
  static Result<Transition<State>> step(const StepContext& context, State, const Input&) {
    Transition<State> transition{};
    for (int i = 0; i < kEventsEach; ++i) {
      const std::string name = std::to_string(context.sequence) + "-" + std::to_string(i);
      const Json event = {
          {"external_event_id", "/dav/work/" + name + ".ics"},
          {"ical_uid", name + "@example.org"},
          {"etag", "\"" + name + "\""},
          {"status", "confirmed"},
          {"title", "Weekly planning"},
          {"description", "What we did, what we do next, and what is in the way."},
          {"location", "Room 3"},
          {"start", {{"date_time", "2025-12-16T12:00:00"}, {"zone", "Europe/Berlin"}}},
          {"end", {{"date_time", "2025-12-16T13:00:00"}, {"zone", "Europe/Berlin"}}},
          {"attendees", {{{"email", "a@example.org"}, {"name", "A"}, {"response", "accepted"}}}},
          {"recurrence", {"RRULE:FREQ=WEEKLY"}}};
      transition.events.push_back(
          {"calendar.event.created", 1, "caldav:work", name,
           JsonText(
               Json{{"calendar", {{"provider", "caldav"}, {"account", "work"}, {"name", "Work"}}},
                    {"event", event}})});
    }
    return transition;
  }
};

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "feed_bench: %s\n", what.c_str());
  std::exit(1);
}

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Per second of one core, however busy the machine is.
template <class Read>
double pages_per_second(const Store& store, const std::string& tenant, Read read) {
  const double begun = cpu_seconds();
  std::size_t pages = 0;
  Position after{};
  double spent = 0;
  for (; spent < 2; spent = cpu_seconds() - begun) {
    const auto page = read(store, FeedFilter{.tenant = tenant, .after = after, .limit = 100});
    if (!page) give_up(page.error().message);
    if (page->items.size() != 100) give_up("a page is short");
    after = page->next.sequence + 20 > kRecords ? Position{} : page->next;
    ++pages;
  }
  return static_cast<double>(pages) / spent;
}

}  // namespace

int main(int argc, char** argv) {
  const bool check = argc > 1 && std::strcmp(argv[1], "--check") == 0;
  std::string pattern = (std::filesystem::temp_directory_path() / "tidemark-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) give_up("cannot create " + pattern);
  double slowest = 0;
  {
    auto store = Store::open({.path = pattern + "/store"});
    if (!store) give_up(store.error().message);
    SystemClock clock;
    Metrics metrics;
    Engine engine(**store, clock, metrics);
    engine.register_machine(erase<Emitter>());
    if (const auto done = engine.recover(); !done) give_up(done.error().message);
    for (int i = 0; i < kRecords; ++i) {
      Input input;
      input.instance = make_instance_id("emitter", "acme", "one");
      input.type = "emit";
      if (const auto done = engine.submit(std::move(input)); !done) give_up(done.error().message);
    }
    const auto lines = [](const auto& view, const auto& filter) {
      return read_feed_lines(view, filter);
    };
    const auto parsed = [](const auto& view, const auto& filter) {
      return read_feed(view, filter);
    };
    const double whole = pages_per_second(**store, "", lines);
    const double tenant = pages_per_second(**store, "acme", lines);
    std::printf(
        "pages of 100 events per second of one core: whole feed %.0f, one tenant %.0f, "
        "target %.0f; parsed %.0f\n",
        whole, tenant, kTargetPerSecond, pages_per_second(**store, "acme", parsed));
    slowest = std::min(whole, tenant);
  }
  std::error_code ignored;
  std::filesystem::remove_all(pattern, ignored);
  return check && slowest < kTargetPerSecond ? 1 : 0;
}
