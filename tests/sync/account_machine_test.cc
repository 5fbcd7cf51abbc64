#include "sync/account_machine.h"

#include <gmock/gmock.h>

#include "support/memory_rows.h"
#include "sync/calendar_inputs.h"
#include "sync/watch_machine.h"

namespace tidemark::test {
namespace {

using namespace sync;  // NOLINT: the machine's vocabulary is what these tests are written in
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class AccountWorld {
 public:
  explicit AccountWorld(bool scheduled = true) {
    setup.provider = "caldav";
    setup.calendars = {"*"};
    setup.schedule.scheduled = scheduled;
    setup.fingerprint = "f1";
  }

  Transition<AccountState> step(const AccountInput& input) {
    const std::string tenant = "acme";
    const InstanceId instance = account_instance("acme", "work");
    const StepContext context{++sequence, now, tenant, instance, "cor_1", rows};
    auto result = AccountMachine::step(context, state, input);
    EXPECT_TRUE(result.has_value());
    if (!result) return {};
    rows.apply(result->rows);
    state = result->end ? AccountState{} : result->state;
    if (!result->end) {
      const auto stored = decode_account_state(encode(state));
      EXPECT_TRUE(stored && *stored == state);
    }
    return std::move(*result);
  }

  Transition<AccountState> configure() { return step(AccountConfigured{setup}); }
  Transition<AccountState> discovered(const std::vector<std::string>& names) {
    Discovered input{effect(), {{}, "hint-1"}};
    for (const auto& name : names) {
      input.discovery.calendars.push_back({"http://server/" + name + "/", name, "", "", false});
    }
    return step(input);
  }
  Transition<AccountState> failed(Errc code) {
    return step(DiscoverFailed{effect(), Error{code, "the server said no", std::nullopt}});
  }
  Sequence effect() const {
    const auto* phase = std::get_if<Discovering>(&state.phase);
    return phase == nullptr ? 0 : phase->effect;
  }
  static std::string address(const std::string& name) { return "http://server/" + name + "/"; }
  Transition<AccountState> wish(PassMode mode, const std::string& pattern) {
    return step(AccountSync{{mode, {pattern}}});
  }

  AccountSetup setup;
  AccountState state;
  MemoryRows rows;
  Sequence sequence = 0;
  WallTime now{std::chrono::milliseconds{1'765'886'400'000}};
};

// "type name" of each message.
std::vector<std::string> sent(const Transition<AccountState>& transition) {
  std::vector<std::string> lines;
  for (const auto& message : transition.messages) {
    std::string line = message.type;
    if (message.type == input_type::kConfigured) {
      const auto input = decode_calendar_input(message.type, message.payload);
      const auto& configured = std::get<CalendarConfigured>(*input);
      line += " " + configured.identity.name;
      if (configured.sync) line += " " + std::string(to_text(*configured.sync));
    }
    lines.push_back(line);
  }
  return lines;
}

std::string hint_of(const Transition<AccountState>& transition) {
  return decode_discover_order(transition.effects.at(0).payload)->hint;
}

TEST(AccountMachine, DiscoversWhenConfiguredAndStartsEachSelectedCalendar) {
  AccountWorld world;
  world.setup.calendars = {"work*", "cal_none"};
  EXPECT_THAT(world.configure().effects, SizeIs(1));
  EXPECT_THAT(sent(world.discovered({"work", "private", "work2"})),
              ElementsAre("calendar.configured work", "calendar.configured work2"));
  EXPECT_EQ(world.state.calendars, 2U);
  EXPECT_EQ(world.state.health, AccountHealth::ok);
  EXPECT_TRUE(world.state.next_discovery.has_value());
  // A calendar that is as it was is told nothing.
  const auto again = world.step(AccountTimer{"discover"});
  EXPECT_EQ(hint_of(again), "hint-1");
  EXPECT_THAT(sent(world.discovered({"work", "private", "work2"})), IsEmpty());
}

TEST(AccountMachine, UnscheduledItDoesNothingUntilAsked) {
  AccountWorld world(false);
  EXPECT_THAT(world.configure().effects, IsEmpty());
  EXPECT_THAT(world.wish(PassMode::incremental, "*").effects, SizeIs(1));
  EXPECT_THAT(sent(world.discovered({"a"})), ElementsAre("calendar.configured a incremental"));
  EXPECT_FALSE(world.state.next_discovery.has_value());
}

TEST(AccountMachine, ARequestReachesOnlyTheCalendarsItNames) {
  AccountWorld world(false);
  world.configure();
  world.wish(PassMode::full, "a");
  world.wish(PassMode::incremental, "b");
  EXPECT_THAT(sent(world.discovered({"a", "b", "c"})),
              ElementsAre("calendar.configured a full", "calendar.configured b full",
                          "calendar.configured c"));
}

TEST(CalendarRule16, ACalendarMissingFromOneDiscoveryIsLookedForAgainWithoutTheHint) {
  AccountWorld world;
  world.configure();
  world.discovered({"a", "b"});
  world.step(AccountTimer{"discover"});
  EXPECT_THAT(sent(world.discovered({"a"})), IsEmpty());
  EXPECT_EQ(*world.state.next_discovery, world.now + std::chrono::seconds(30));
  EXPECT_EQ(hint_of(world.step(AccountTimer{"discover"})), "");
  EXPECT_THAT(sent(world.discovered({"a"})), ElementsAre("calendar.removed"));
  EXPECT_THAT(world.rows.rows, SizeIs(1));
}

TEST(CalendarRule16, ACalendarThatIsBackAtTheSecondLookIsNotRemoved) {
  AccountWorld world(false);
  world.configure();
  world.wish(PassMode::incremental, "*");
  world.discovered({"a"});
  world.wish(PassMode::incremental, "*");
  const auto doubtful = world.discovered({});
  EXPECT_THAT(doubtful.effects, SizeIs(1));  // unscheduled: at once
  EXPECT_THAT(sent(world.discovered({"a"})), IsEmpty());
  world.wish(PassMode::incremental, "*");
  EXPECT_THAT(world.discovered({}).effects, SizeIs(1));  // the first sign was forgiven
}

TEST(CalendarRule16, NotFoundAndOneDiscoveryAreProofEnough) {
  AccountWorld world;
  world.configure();
  world.discovered({"a"});
  const auto looking = world.step(CalendarCheck{AccountWorld::address("a"), true});
  EXPECT_EQ(hint_of(looking), "");
  EXPECT_THAT(sent(world.discovered({})), ElementsAre("calendar.removed"));
}

TEST(CalendarRule16, ARemovalThatIsContestedTakesAnotherLook) {
  AccountWorld world;
  world.configure();
  world.discovered({"a"});
  world.step(CalendarCheck{AccountWorld::address("a"), true});
  const auto asked = world.now;
  world.now += std::chrono::minutes(2);  // the answer is late
  const auto removed = world.discovered({});
  ASSERT_THAT(sent(removed), ElementsAre("calendar.removed"));
  const auto told = decode_calendar_input(removed.messages[0].type, removed.messages[0].payload);
  EXPECT_EQ(std::get<CalendarRemoved>(*told).looked, asked);
  const CalendarCheck alive{AccountWorld::address("a"), false, true};
  EXPECT_THAT(world.step(alive).effects, SizeIs(1));
  EXPECT_THAT(sent(world.discovered({"a"})), ElementsAre("calendar.configured a"));
  // Or it is gone all the same: the sign of before still counts.
  world.step(CalendarCheck{AccountWorld::address("a"), true});
  world.discovered({});
  EXPECT_THAT(world.step(alive).effects, SizeIs(1));
  EXPECT_THAT(sent(world.discovered({})), ElementsAre("calendar.removed"));
}

TEST(CalendarRule16, AnEmptiedCalendarIsAnsweredByADiscoveryBegunAfterTheQuestion) {
  AccountWorld world;
  world.configure();
  world.discovered({"a"});
  world.step(AccountTimer{"discover"});
  world.step(CalendarCheck{AccountWorld::address("a"), false});
  const auto first = world.discovered({"a"});
  EXPECT_THAT(first.effects, SizeIs(1));  // the one that ran had begun before
  EXPECT_THAT(sent(first), IsEmpty());
  EXPECT_THAT(sent(world.discovered({"a"})), ElementsAre("calendar.present"));
}

TEST(AccountMachine, AWrongPasswordStopsEverythingAndIsTriedEverMoreRarely) {
  AccountWorld world;
  world.configure();
  world.discovered({"a", "b"});
  const auto refused = world.step(CredentialsRefused{{Errc::unauthorized, "401", std::nullopt}});
  EXPECT_THAT(sent(refused), ElementsAre("calendar.paused", "calendar.paused"));
  EXPECT_EQ(world.state.health, AccountHealth::needs_credentials);
  EXPECT_GE(*world.state.next_discovery, world.now + std::chrono::minutes(11));
  // The other calendars' refusals that were already on their way change nothing.
  EXPECT_THAT(sent(world.step(CredentialsRefused{{Errc::unauthorized, "401", std::nullopt}})),
              IsEmpty());
  EXPECT_EQ(world.state.refusals, 1U);
  std::chrono::milliseconds waited{0};
  for (int i = 0; i < 9; ++i) {
    world.now = *world.state.next_discovery;
    EXPECT_THAT(world.step(AccountTimer{"discover"}).effects, SizeIs(1));
    world.failed(Errc::unauthorized);
    waited = *world.state.next_discovery - world.now;
  }
  EXPECT_GE(waited, std::chrono::hours(18));
  // Corrected: everything goes on.
  world.setup.fingerprint = "f2";
  EXPECT_THAT(world.configure().effects, SizeIs(1));
  EXPECT_THAT(sent(world.discovered({"a", "b"})),
              ElementsAre("calendar.configured a", "calendar.configured b"));
  EXPECT_EQ(world.state.refusals, 0U);
}

TEST(AccountMachine, ARestartTriesRefusedCredentialsOnceAMinuteAtMost) {
  AccountWorld world;
  world.configure();
  world.failed(Errc::unauthorized);
  EXPECT_THAT(world.configure().effects, IsEmpty());
  world.now += std::chrono::minutes(2);
  EXPECT_THAT(world.configure().effects, SizeIs(1));
}

TEST(AccountMachine, DeselectingACalendarPausesItAndSelectingResumesIt) {
  AccountWorld world;
  world.configure();
  world.discovered({"a", "b"});
  world.setup.calendars = {"a"};
  world.setup.fingerprint = "f2";
  EXPECT_THAT(sent(world.configure()), ElementsAre("calendar.paused"));
  EXPECT_EQ(world.state.calendars, 1U);
  world.discovered({"a", "b"});
  world.setup.calendars = {"*"};
  world.setup.fingerprint = "f3";
  EXPECT_THAT(sent(world.configure()), ElementsAre("calendar.configured b"));
}

TEST(AccountMachine, AnAccountNoLongerConfiguredStopsAndKeepsItsCalendars) {
  AccountWorld world;
  world.configure();
  world.discovered({"a"});
  EXPECT_THAT(sent(world.step(AccountUnconfigured{})), ElementsAre("calendar.paused"));
  EXPECT_FALSE(world.state.next_discovery.has_value());
  EXPECT_THAT(world.rows.rows, SizeIs(1));
  EXPECT_THAT(world.step(AccountTimer{"discover"}).effects, IsEmpty());
  EXPECT_THAT(world.configure().effects, SizeIs(1));
}

TEST(AccountMachine, AFailedDiscoveryBacksOffAndKeepsTheRequest) {
  AccountWorld world;
  world.configure();
  world.wish(PassMode::full, "*");
  world.failed(Errc::unavailable);
  EXPECT_EQ(world.state.health, AccountHealth::retrying);
  world.now = *world.state.next_discovery;
  world.step(AccountTimer{"discover"});
  EXPECT_THAT(sent(world.discovered({"a"})), ElementsAre("calendar.configured a full"));
  EXPECT_EQ(world.state.error, "");
}

// "type calendar" of each message to a watch.
std::vector<std::string> watches(const Transition<AccountState>& transition) {
  std::vector<std::string> lines;
  for (const auto& message : transition.messages) {
    if (message.to.kind() == kWatchKind) lines.push_back(message.type);
  }
  return lines;
}

TEST(AccountWatches, SelectedCalendarsAreWatchedAsLongAsThereIsAnAddress) {
  AccountWorld world;
  world.setup.push = "https://tidemark.example.org/hooks/google";
  world.setup.calendars = {"a*"};
  world.configure();
  EXPECT_THAT(watches(world.discovered({"a", "b"})), ElementsAre("watch.wanted"));
  EXPECT_THAT(watches(world.configure()), IsEmpty()) << "it knows";
  world.setup.push.clear();
  EXPECT_THAT(watches(world.configure()), ElementsAre("watch.unwanted"));
  EXPECT_THAT(watches(world.configure()), IsEmpty());
}

TEST(AccountWatches, EndWithTheSelectionTheCalendarAndTheAccount) {
  AccountWorld world;
  world.setup.push = "https://tidemark.example.org/hooks/google";
  world.configure();
  EXPECT_THAT(watches(world.discovered({"a", "b", "c"})), SizeIs(3));
  world.setup.calendars = {"a", "b"};
  EXPECT_THAT(watches(world.configure()), ElementsAre("watch.unwanted"));
  world.step(AccountTimer{});
  EXPECT_THAT(watches(world.discovered({"b", "c"})), IsEmpty()) << "one sign is none";
  world.step(AccountTimer{});
  EXPECT_THAT(watches(world.discovered({"b", "c"})), ElementsAre("watch.unwanted"));
  EXPECT_THAT(watches(world.step(AccountUnconfigured{})), ElementsAre("watch.unwanted"));
}

TEST(AccountWatches, AreToldAnewWhenTheCredentialsWorkAgain) {
  AccountWorld world;
  world.setup.push = "https://tidemark.example.org/hooks/google";
  world.configure();
  world.discovered({"a"});
  EXPECT_THAT(watches(world.step(CredentialsRefused{{Errc::unauthorized, "no"}})), IsEmpty());
  EXPECT_THAT(watches(world.configure()), IsEmpty());
  world.step(AccountTimer{});
  EXPECT_THAT(watches(world.discovered({"a"})), ElementsAre("watch.wanted"));
}

TEST(AccountWatches, NothingNewIsWatchedWhileNothingIsScheduled) {
  AccountWorld world(false);
  world.setup.push = "https://tidemark.example.org/hooks/google";
  world.configure();
  world.wish(PassMode::incremental, "*");
  EXPECT_THAT(watches(world.discovered({"a"})), IsEmpty());
}

}  // namespace
}  // namespace tidemark::test
