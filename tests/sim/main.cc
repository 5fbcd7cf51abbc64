// tidemark-sim: runs simulated worlds, seed by seed, and says how to repeat what goes wrong.
#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <regex>

#include "base/log.h"
#include "sim/campaign.h"

namespace {

using namespace tidemark;
using namespace tidemark::sim;

struct Arguments {
  std::string seeds = "1..100";
  double minutes = 0;
  std::string store = "mixed";
  int trouble_minutes = 10;
  std::string mutation;
  bool mutations = false;
  bool keep_going = false;
  bool trace = false;
};

int run(const Arguments& arguments) {
  std::smatch range;
  static const std::regex kRange(R"((\d{1,18})(?:\.\.(\d{1,18}))?)");
  if (!std::regex_match(arguments.seeds, range, kRange)) {
    std::cerr << "--seeds: A..B or one number, not \"" << arguments.seeds << "\"\n";
    return 2;
  }
  CampaignOptions options;
  options.first = std::stoull(range[1]);
  options.last = range[2].matched ? std::stoull(range[2]) : options.first;
  if (options.last < options.first) {
    std::cerr << "--seeds: A..B with A at most B, not \"" << arguments.seeds << "\"\n";
    return 2;
  }
  options.at_most =
      std::chrono::milliseconds(static_cast<std::int64_t>(arguments.minutes * 60'000));
  options.store = arguments.store;
  options.trouble = std::chrono::minutes(arguments.trouble_minutes);
  options.mutation = arguments.mutation;
  options.keep_going = arguments.keep_going;
  if (arguments.trace) {
    options.trace = [](const std::string& what) { std::cerr << what << "\n"; };
  }
  if (arguments.mutations) return find_mutations(options, std::cout) ? 0 : 1;
  if (!choose_mutation(options.mutation)) {
    std::cerr << "--mutation: this build knows no \"" << options.mutation
              << "\"; builds with -Dmutations=true know some: " << mutation_names() << "\n";
    return 2;
  }
  return run_campaign(options, std::cout) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs simulated worlds and audits them. Exit code 1: a world went wrong.",
               "tidemark-sim");
  Arguments arguments;
  app.add_option("--seeds", arguments.seeds, "A..B, or one seed (default: 1..100)");
  app.add_option("--minutes", arguments.minutes, "begin no seed after so long (default: no limit)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--store", arguments.store,
                 "model, rocksdb, or mixed: every 16th seed on RocksDB (default)")
      ->check(CLI::IsMember({"model", "rocksdb", "mixed"}));
  app.add_option("--trouble", arguments.trouble_minutes,
                 "simulated minutes with faults, at most (default: 10)")
      ->check(CLI::Range(1, 100'000));
  app.add_option("--mutation", arguments.mutation, "switch a deliberate bug on");
  app.add_flag("--mutations", arguments.mutations,
               "find each deliberate bug within the seeds, and print which auditor did");
  app.add_flag("--keep-going", arguments.keep_going, "do not end with the first that went wrong");
  app.add_flag("--trace", arguments.trace, "tell what happens, on stderr");
  CLI11_PARSE(app, argc, argv);
  // Everything that can fail does, by design.
  log::configure(arguments.trace ? log::Level::info : log::Level::none, log::Format::text);
  return run(arguments);
}
