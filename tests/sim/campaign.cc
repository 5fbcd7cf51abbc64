#include "sim/campaign.h"

#include <algorithm>
#include <iomanip>
#include <ostream>

#include "base/mutation.h"
#include "sim/mutations.h"

namespace tidemark::sim {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::uint64_t kRocksEvery = 16;

struct Sums {
  std::uint64_t seeds = 0;
  std::uint64_t on_rocksdb = 0;
  std::chrono::milliseconds simulated{0};
  std::chrono::milliseconds longest_settling{0};
  std::uint64_t records = 0;
  std::uint64_t commits = 0;
  std::uint64_t crashes = 0;
  std::uint64_t requests = 0;
  std::uint64_t deliveries = 0;
  std::uint64_t most_at_one_moment = 0;
  std::uint64_t most_in_all = 0;
  std::uint64_t in_peace = 0;
  FaultCounts faults{};

  void add(const WorldReport& report) {
    ++seeds;
    simulated += report.simulated;
    longest_settling = std::max(longest_settling, report.settled_after);
    records += report.records;
    commits += report.commits;
    crashes += report.crashes;
    requests += report.requests;
    deliveries += report.deliveries;
    most_at_one_moment = std::max(most_at_one_moment, report.most_at_one_moment);
    most_in_all = std::max(most_in_all, report.things_in_all);
    in_peace += report.in_peace ? 1 : 0;
    for (std::size_t i = 0; i < kFaultKinds; ++i) faults[i] += report.faults[i];
  }
};

StoreKind store_of(const CampaignOptions& options, std::uint64_t seed) {
  if (options.store == "rocksdb") return StoreKind::rocksdb;
  if (options.store == "model") return StoreKind::model;
  return seed % kRocksEvery == 0 ? StoreKind::rocksdb : StoreKind::model;
}

WorldReport run_one(const CampaignOptions& options, std::uint64_t seed, StoreKind store) {
  return run_world({seed, store, options.trouble, options.trace});
}

double hours(std::chrono::milliseconds time) {
  return static_cast<double>(time.count()) / 3'600'000.0;
}

std::string repeat(const CampaignOptions& options, std::uint64_t seed, StoreKind store) {
  std::string command = "tidemark-sim --seeds " + std::to_string(seed) + " --store " +
                        (store == StoreKind::model ? "model" : "rocksdb");
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(options.trouble).count();
  if (minutes != 10) command += " --trouble " + std::to_string(minutes);
  if (!options.mutation.empty()) command += " --mutation " + options.mutation;
  return command;
}

void print(const Sums& sums, std::chrono::duration<double> took, std::ostream& out) {
  out << std::fixed << std::setprecision(1) << "seeds " << sums.seeds << " (" << sums.on_rocksdb
      << " on RocksDB), " << hours(sums.simulated) << " simulated hours in " << took.count()
      << " s, " << static_cast<double>(sums.seeds) / std::max(took.count(), 0.001)
      << " seeds a second\n"
      << "commits " << sums.commits << ", records " << sums.records << ", crashes " << sums.crashes
      << ", calendar requests " << sums.requests << ", deliveries received " << sums.deliveries
      << ", longest settling " << hours(sums.longest_settling) << " h\n"
      << "most things at one moment " << sums.most_at_one_moment << ", in one world "
      << sums.most_in_all << "; worked in peace: " << sums.in_peace << " worlds\n";
  for (std::size_t i = 0; i < kFaultKinds; ++i) {
    out << "  " << std::left << std::setw(22) << name(static_cast<Fault>(i)) << sums.faults[i]
        << "\n";
  }
  std::uint64_t faults = 0;
  for (const auto count : sums.faults) faults += count;
  // For scripts/long-runs.
  out << "# " << sums.seeds << " worlds, " << sums.records << " records, " << sums.crashes
      << " crashes, " << faults << " faults\n";
}

}  // namespace

bool run_campaign(const CampaignOptions& options, std::ostream& out) {
  const auto begun = Steady::now();
  Sums sums;
  bool right = true;
  for (std::uint64_t seed = options.first; seed <= options.last; ++seed) {
    if (!right && !options.keep_going) break;
    if (options.at_most.count() > 0 && Steady::now() - begun >= options.at_most) break;
    const StoreKind store = store_of(options, seed);
    const auto report = run_one(options, seed, store);
    sums.add(report);
    sums.on_rocksdb += store == StoreKind::rocksdb ? 1 : 0;
    if (!report.violation) continue;
    right = false;
    out << "seed " << seed << " went wrong: " << report.violation->auditor << ": "
        << report.violation->what << "\nrepeat it with: " << repeat(options, seed, store)
        << std::endl;
  }
  print(sums, Steady::now() - begun, out);
  return right;
}

#if TIDEMARK_MUTATIONS

bool choose_mutation(const std::string& name) {
  chosen_mutation = Mutation::none;
  if (name.empty()) return true;
  for (const auto& known : mutations()) {
    if (known.name == name) chosen_mutation = known.mutation;
  }
  return chosen_mutation != Mutation::none;
}

std::string mutation_names() {
  std::string names;
  for (const auto& known : mutations()) {
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  return names;
}

bool find_mutations(const CampaignOptions& options, std::ostream& out) {
  bool all = true;
  for (const auto& known : mutations()) {
    chosen_mutation = known.mutation;
    std::uint64_t seed = options.first;
    WorldReport report;
    for (; seed <= options.last && !report.violation; ++seed) {
      report = run_one(options, seed, store_of(options, seed));
    }
    chosen_mutation = Mutation::none;
    all = all && report.violation;
    out << std::left << std::setw(32) << known.name;
    if (report.violation) {
      out << std::setw(8) << seed - options.first << std::setw(14) << report.violation->auditor
          << report.violation->what.substr(0, 120);
    } else {
      out << "not found";
    }
    out << std::endl;
  }
  return all;
}

#else

bool choose_mutation(const std::string& name) {
  return name.empty();
}
std::string mutation_names() {
  return "none";
}
bool find_mutations(const CampaignOptions&, std::ostream& out) {
  out << "this build has no deliberate bugs: configure one with -Dmutations=true\n";
  return false;
}

#endif

}  // namespace tidemark::sim
