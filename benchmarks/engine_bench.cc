// Durable inputs per second through the engine, against raw RocksDB in the same run.
//
// Both sides write the same bytes in the same number of puts and sync every answer: the raw side
// with one synced Write per input from as many threads, the engine with as many blocking
// submitters. Rounds alternate, because the disk's speed moves from minute to minute; only the
// ratio within one round means anything, and the median of the rounds is what is printed.
//
//   engine_bench [--check] [--rounds N] [--seconds S] [--path DIR] [--threads N]
#include <rocksdb/db.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/metrics.h"
#include "engine/engine.h"
#include "store/store.h"

namespace {

using namespace tidemark;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kInputBytes = 256;

struct Target {
  int threads;
  double ratio;
};
constexpr Target kTargets[] = {{1, 0.85}, {64, 1.2}, {256, 1.5}};

// Counts its inputs and keeps the last one in a row.
struct Counter {
  static constexpr std::string_view kind = "counter";
  static constexpr std::uint32_t version = 1;
  struct State {
    std::uint64_t count = 0;
  };
  struct Add {
    std::string bytes;
  };
  using Input = std::variant<Add>;

  static std::string encode(const State& state) { return std::to_string(state.count); }
  static Result<State> decode_state(std::string_view bytes) {
    return State{std::strtoull(std::string(bytes).c_str(), nullptr, 10)};
  }
  static Result<Input> decode_input(std::string_view, std::string_view payload) {
    return Add{std::string(payload)};
  }
  static Result<Transition<State>> step(const StepContext&, State state, const Input& input) {
    Transition<State> transition;
    transition.state.count = state.count + 1;
    transition.rows.push_back({"last", std::get<Add>(input).bytes.substr(0, 64)});
    return transition;
  }
};

// Remembers the sizes of what one step writes, for the raw side to write as much.
class MeasuringStore final : public Store {
 public:
  explicit MeasuringStore(Store& store) : store_(store) {}
  std::atomic<std::size_t> puts = 0;
  std::atomic<std::size_t> bytes = 0;
  std::atomic<std::size_t> commits = 0;

  Result<void> commit(WriteBatch&& batch, Sequence through) override {
    puts += batch.count();
    bytes += batch.bytes();
    ++commits;
    return store_.commit(std::move(batch), through);
  }
  Result<std::optional<std::string>> get(Table table, std::string_view key) const override {
    return store_.get(table, key);
  }
  Result<std::vector<std::optional<std::string>>> multi_get(
      Table table, const std::vector<std::string>& keys) const override {
    return store_.multi_get(table, keys);
  }
  Result<void> scan(Table table, std::string_view prefix, std::string_view from,
                    const ScanVisitor& visitor) const override {
    return store_.scan(table, prefix, from, visitor);
  }
  Result<void> scan_reverse(Table table, std::string_view prefix, std::string_view before,
                            const ScanVisitor& visitor) const override {
    return store_.scan_reverse(table, prefix, before, visitor);
  }
  Sequence last_sequence() const override { return store_.last_sequence(); }
  std::unique_ptr<StoreView> snapshot() const override { return store_.snapshot(); }
  std::optional<Error> fault() const override { return store_.fault(); }
  StoreStats stats() const override { return store_.stats(); }
  Result<void> checkpoint(const std::string& path) override { return store_.checkpoint(path); }

 private:
  Store& store_;
};

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "engine_bench: %s\n", what.c_str());
  std::exit(1);
}

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

struct Rate {
  double per_second = 0;
  double cpu_us = 0;  // of the whole process, per call
};

// Runs `work(thread)` from that many threads until the time is over.
template <class Work>
Rate rate(int threads, double seconds, Work work) {
  std::atomic<bool> over = false;
  std::atomic<std::size_t> total = 0;
  std::vector<std::thread> pool;
  const auto begun = Steady::now();
  const double cpu = cpu_seconds();
  for (int t = 0; t < threads; ++t) {
    pool.emplace_back([&, t] {
      std::size_t done = 0;
      for (; !over; ++done) work(t);
      total += done;
    });
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  over = true;
  for (auto& thread : pool) thread.join();
  const double calls = static_cast<double>(total);
  return {calls / std::chrono::duration<double>(Steady::now() - begun).count(),
          (cpu_seconds() - cpu) * 1e6 / calls};
}

class RawSide {
 public:
  RawSide(const std::string& path, std::size_t puts, std::size_t bytes)
      : puts_(puts), value_((bytes / puts) - kKeyBytes, 'v') {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.create_missing_column_families = true;
    std::vector<rocksdb::ColumnFamilyDescriptor> families{{"default", options}};
    for (std::size_t i = 1; i < puts; ++i) families.push_back({"f" + std::to_string(i), options});
    rocksdb::DB* opened = nullptr;
    if (!rocksdb::DB::Open(options, path, families, &families_, &opened).ok()) {
      give_up("cannot open the raw database");
    }
    db_.reset(opened);
  }
  ~RawSide() {
    for (auto* family : families_) db_->DestroyColumnFamilyHandle(family);
  }

  void write() {
    char key[kKeyBytes + 1];
    std::snprintf(key, sizeof key, "%0*llu", static_cast<int>(kKeyBytes),
                  static_cast<unsigned long long>(next_++));
    rocksdb::WriteBatch batch;
    for (std::size_t i = 0; i < puts_; ++i) batch.Put(families_[i], key, value_);
    rocksdb::WriteOptions durable;
    durable.sync = true;
    if (!db_->Write(durable, &batch).ok()) give_up("a raw write failed");
  }

 private:
  static constexpr std::size_t kKeyBytes = 30;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
  const std::size_t puts_;
  const std::string value_;
  std::atomic<std::uint64_t> next_ = 0;
};

class EngineSide {
 public:
  explicit EngineSide(const std::string& path) {
    auto opened = Store::open({.path = path});
    if (!opened) give_up(opened.error().message);
    store_ = *std::move(opened);
    measuring_ = std::make_unique<MeasuringStore>(*store_);
    engine_ = std::make_unique<Engine>(*measuring_, clock_, metrics_);
    engine_->register_machine(erase<Counter>());
    if (const auto recovered = engine_->recover(); !recovered) give_up(recovered.error().message);
    engine_->start();
  }

  void submit(int thread) {
    Input input;
    input.instance = make_instance_id("counter", "bench", std::to_string(thread));
    input.type = "add";
    input.payload.assign(kInputBytes, 'i');
    if (const auto receipt = engine_->submit(std::move(input)); !receipt) {
      give_up(receipt.error().message);
    }
  }

  // Of one step: puts, and bytes of keys and values.
  std::pair<std::size_t, std::size_t> measure() {
    submit(0);  // the first step of an instance looks for its predecessor; the second is typical
    const std::size_t puts = measuring_->puts;
    const std::size_t bytes = measuring_->bytes;
    submit(0);
    const std::size_t step_puts = measuring_->puts - puts;
    // WriteBatch::bytes() counts its own bookkeeping too: 12 bytes a put.
    return {step_puts, measuring_->bytes - bytes - step_puts * 12};
  }
  double steps_per_commit(std::size_t inputs_before, std::size_t commits_before) const {
    const auto commits = measuring_->commits - commits_before;
    return commits == 0 ? 0 : static_cast<double>(inputs() - inputs_before) / commits;
  }
  std::size_t inputs() const { return store_->last_sequence(); }
  std::size_t commits() const { return measuring_->commits; }

 private:
  SystemClock clock_;
  Metrics metrics_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<MeasuringStore> measuring_;
  std::unique_ptr<Engine> engine_;
};

struct Arguments {
  bool check = false;
  int rounds = 5;
  double seconds = 2;
  int only_threads = 0;
  std::filesystem::path path = std::filesystem::temp_directory_path();
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--check") {
      arguments.check = true;
      continue;
    }
    if (i + 1 == argc) give_up("unknown argument or no value: " + flag);
    const char* value = argv[++i];
    if (flag == "--rounds") {
      arguments.rounds = std::max(1, std::atoi(value));
    } else if (flag == "--seconds") {
      arguments.seconds = std::max(0.1, std::atof(value));
    } else if (flag == "--path") {
      arguments.path = value;
    } else if (flag == "--threads") {
      arguments.only_threads = std::atoi(value);
    } else {
      give_up("unknown argument " + flag);
    }
  }
  return arguments;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = parse(argc, argv);
  std::string pattern = (arguments.path / "tidemark-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) give_up("cannot create " + pattern);
  const std::filesystem::path directory = pattern;
  bool met = true;
  {
    EngineSide engine(directory / "engine");
    const auto [puts, bytes] = engine.measure();
    // The store adds one put of its own to every commit.
    RawSide raw(directory / "raw", puts, bytes);
    std::printf("one step: %zu puts, %zu bytes of keys and values\n", puts, bytes);
    for (const auto& target : kTargets) {
      if (arguments.only_threads != 0 && arguments.only_threads != target.threads) continue;
      std::vector<double> ratios;
      for (int round = 0; round < arguments.rounds; ++round) {
        const Rate raw_rate = rate(target.threads, arguments.seconds, [&](int) { raw.write(); });
        const auto inputs = engine.inputs();
        const auto commits = engine.commits();
        const Rate engine_rate =
            rate(target.threads, arguments.seconds, [&](int thread) { engine.submit(thread); });
        ratios.push_back(engine_rate.per_second / raw_rate.per_second);
        std::printf(
            "  %3d submitters: raw %7.0f/s (%.0f us CPU)  engine %7.0f/s (%.0f us CPU, %.1f "
            "a commit)  ratio %.2f\n",
            target.threads, raw_rate.per_second, raw_rate.cpu_us, engine_rate.per_second,
            engine_rate.cpu_us, engine.steps_per_commit(inputs, commits), ratios.back());
        std::fflush(stdout);
      }
      const double ratio = median(ratios);
      met = met && ratio >= target.ratio;
      std::printf("%3d submitters: median ratio %.2f, target %.2f %s\n", target.threads, ratio,
                  target.ratio, ratio >= target.ratio ? "met" : "MISSED");
    }
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  return arguments.check && !met ? 1 : 0;
}
