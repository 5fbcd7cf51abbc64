// Records verified a second on one core, of a journal of steps like an endpoint's: an input of 200
// bytes, a state of 100, a row and, in one of four, an event of 600 bytes.
//
//   audit_bench [--check] [--records N] [--path DIR]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <variant>

#include "audit/audit_service.h"
#include "base/metrics.h"
#include "engine/engine.h"
#include "support.h"

namespace {

using namespace tidemark;
using namespace tidemark::bench;

constexpr double kTargetPerSecond = 200'000;
constexpr int kRounds = 3;

struct Worker {
  static constexpr std::string_view kind = "worker";
  static constexpr std::uint32_t version = 1;
  struct State {
    std::string bytes;
  };
  struct Work {
    std::string bytes;
  };
  using Input = std::variant<Work>;

  static std::string encode(const State& state) { return state.bytes; }
  static Result<State> decode_state(std::string_view bytes) { return State{std::string(bytes)}; }
  static Result<Input> decode_input(std::string_view, std::string_view payload) {
    return Work{std::string(payload)};
  }
  static Result<Transition<State>> step(const StepContext& context, State, const Input& input) {
    const auto& work = std::get<Work>(input);
    Transition<State> transition{{work.bytes.substr(0, 100)}};
    transition.rows.push_back({"row " + std::to_string(context.sequence % 1000), work.bytes});
    if (context.sequence % 4 == 0) {
      transition.events.push_back(
          {"bench.done", 1, "bench", "", JsonText(Json{{"text", std::string(350, 'e')}})});
    }
    return transition;
  }
};

void fill(Engine& engine, std::uint64_t records) {
  std::uint64_t accepted = 0;
  for (std::uint64_t i = 0; i < records; ++i) {
    Input input;
    input.instance = make_instance_id("worker", "acme", std::to_string(i % 50));
    input.type = "work";
    input.payload = std::to_string(i) + std::string(200, 'p');
    engine.submit(std::move(input), [&](const Result<Receipt>& receipt) {
      if (!receipt) give_up(receipt.error().message);
      ++accepted;
    });
    if (i % 256 == 255) engine.run_one_batch();
  }
  while (engine.run_one_batch()) {
  }
  if (accepted != records) give_up("not all inputs were accepted");
}

double verified_per_second(const audit::AuditService& service, Sequence last, bool payloads) {
  const double begun = cpu_seconds();
  std::uint64_t records = 0;
  for (Sequence after = 0;;) {
    const auto part = must(service.verify_part(after, last, payloads));
    if (part.finding) give_up(part.finding->what);
    records += part.records;
    if (part.next == 0) break;
    after = part.next;
  }
  const auto rest = must(service.verify_rest(last));
  if (rest.finding) give_up(rest.finding->what);
  if (records != last) give_up("not all records were verified");
  return static_cast<double>(records) / (cpu_seconds() - begun);
}

}  // namespace

int main(int argc, char** argv) {
  bool check = false;
  std::uint64_t records = 300'000;
  std::string path = std::filesystem::temp_directory_path();
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--check") {
      check = true;
    } else if (flag == "--records" && i + 1 < argc) {
      records = std::strtoull(argv[++i], nullptr, 10);
    } else if (flag == "--path" && i + 1 < argc) {
      path = argv[++i];
    } else {
      give_up("unknown argument or no value: " + std::string(flag));
    }
  }
  const ScratchDirectory directory(path);
  const auto store = must(Store::open({.path = directory / "store"}));
  SystemClock clock;
  Metrics metrics;
  Engine engine(*store, clock, metrics);
  engine.register_machine(erase<Worker>());
  audit::AuditService service(engine, *store, {.data_dir = directory / "."});
  service.register_with_engine();
  must(engine.recover());
  fill(engine, records);
  must(service.make_checkpoint());
  const Sequence last = store->last_sequence();
  std::vector<double> rates;
  std::vector<double> with_payloads;
  for (int round = 0; round < kRounds; ++round) {
    rates.push_back(verified_per_second(service, last, false));
    with_payloads.push_back(verified_per_second(service, last, true));
  }
  const bool met = median(rates) >= kTargetPerSecond;
  std::printf(
      "%llu records: %.0f verified a second of CPU, with inputs and events %.0f; target "
      "%.0f: %s\n",
      static_cast<unsigned long long>(last), median(rates), median(with_payloads), kTargetPerSecond,
      met ? "met" : "MISSED");
  engine.stop();
  return check && !met ? 1 : 0;
}
