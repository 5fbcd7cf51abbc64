// Outbound deliveries: how many a second, how soon after their commit, and what a backlog costs.
//
// throughput  one endpoint, 64 requests at once, a receiver that costs next to nothing. A backlog
//             is delivered, and events are delivered while they are being emitted. Reference: the
//             same client sending as many requests as it can, with nothing to read or to remember.
// latency     500 events a second whether or not they arrive; from the receipt of their commit to
//             their arrival. Reference: a libcurl handle that posts as often on one connection.
// memory      a long backlog for an endpoint that answers, beside one that refuses connections and
//             keeps all of it pending. Reference: memory and speed of the same without the dead
//             one.
//
//   delivery_bench [throughput] [latency] [memory] [--check] [--events N] [--rounds N] [--path DIR]
//   delivery_bench --receiver URL [--events N] [--path DIR]
//
// Without names all three run. With --receiver one backlog is delivered there, and one line of JSON
// says how that went: for a benchmark that has receivers of its own.
#include <curl/curl.h>
#include <malloc.h>
#include <sys/wait.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "delivery_side.h"
#include "http_load.h"
#include "http_responder.h"
#include "support.h"

namespace {

using namespace tidemark;
using namespace tidemark::bench;
using Steady = std::chrono::steady_clock;

constexpr std::uint32_t kConcurrency = 64;
constexpr std::size_t kBodyBytes = 640;  // about what an event is with its envelope
constexpr double kMostMoreMs = 2;
constexpr double kMostGrowth = 1.10;

struct Arguments {
  bool check = false;
  int rounds = 3;
  std::uint64_t events = 0;  // 0: as each measurement likes
  std::string receiver;
  std::string path = std::filesystem::temp_directory_path().string();
  std::set<std::string, std::less<>> only;
  bool wants(std::string_view what) const { return only.empty() || only.contains(what); }
};

double seconds_since(Steady::time_point begun) {
  return std::chrono::duration<double>(Steady::now() - begun).count();
}

bool verdict(const char* what, double value, const char* unit, double target) {
  const bool met = value <= target;
  std::printf("%s: %.2f%s, target at most %.2f%s: %s\n", what, value, unit, target, unit,
              met ? "met" : "MISSED");
  return met;
}

struct Run {
  double fill_seconds = 0;
  double seconds = 0;
  double cpu_seconds = 0;  // of the process, while delivering
};

Run deliver_backlog(DeliverySide& side, const std::string& endpoint, std::uint64_t events) {
  Run run;
  auto begun = Steady::now();
  side.emit(events);
  run.fill_seconds = seconds_since(begun);
  begun = Steady::now();
  const double cpu = cpu_seconds();
  side.start();
  side.wait_until_delivered(endpoint, side.emitted());
  run.seconds = seconds_since(begun);
  run.cpu_seconds = cpu_seconds() - cpu;
  side.stop();
  return run;
}

Run deliver_live(DeliverySide& side, const std::string& endpoint, std::uint64_t events) {
  Run run;
  side.start();
  const auto begun = Steady::now();
  const double cpu = cpu_seconds();
  side.emit(events);
  run.fill_seconds = seconds_since(begun);
  side.wait_until_delivered(endpoint, side.emitted());
  run.seconds = seconds_since(begun);
  run.cpu_seconds = cpu_seconds() - cpu;
  side.stop();
  return run;
}

// The client of the deliverer, at its fastest.
class BareClient {
 public:
  explicit BareClient(const std::string& url)
      : client_(must(AsyncHttpClient::make(
            {.max_connections = kConcurrency, .max_per_host = kConcurrency}))),
        load_(*client_, url, kBodyBytes) {}
  HttpLoad::Rate run() { return load_.run(kConcurrency, 2); }

 private:
  std::unique_ptr<AsyncHttpClient> client_;
  HttpLoad load_;
};

void throughput(const Arguments& arguments) {
  const std::uint64_t events = arguments.events == 0 ? 50'000 : arguments.events;
  const auto count = static_cast<double>(events);
  const ScratchDirectory directory(arguments.path);
  HttpResponder responder;
  BareClient bare(responder.url());
  DeliverySide side(directory / "store", {{"hook", responder.url(), kConcurrency}});
  std::vector<double> rates;
  std::vector<double> live_rates;
  std::vector<double> ratios;
  for (int round = 0; round < arguments.rounds; ++round) {
    const auto reference = bare.run();
    double receiver = responder.cpu();
    const Run run = deliver_backlog(side, "hook", events);
    receiver = responder.cpu() - receiver;
    const Run live = deliver_live(side, "hook", events);
    rates.push_back(count / run.seconds);
    live_rates.push_back(count / live.seconds);
    ratios.push_back(rates.back() / reference.per_second);
    std::printf(
        "  backlog of %llu (emitted at %.0f/s): %.0f deliveries/s, CPU %.1f us each and the "
        "receiver's %.1f us; bare client %.0f/s, ratio %.2f\n"
        "  while being emitted: %.0f deliveries/s, CPU %.1f us each with emitting and receiver\n",
        static_cast<unsigned long long>(events), count / run.fill_seconds, rates.back(),
        (run.cpu_seconds - receiver) * 1e6 / count, receiver * 1e6 / count, reference.per_second,
        ratios.back(), live_rates.back(), live.cpu_seconds * 1e6 / count);
    std::fflush(stdout);
  }
  std::printf(
      "throughput: %.0f deliveries/s of a backlog, %.0f/s while being emitted; median ratio "
      "to the bare client %.2f\n",
      median(rates), median(live_rates), median(ratios));
}

// When each event arrived, by the "n" of its body.
class Arrivals {
 public:
  explicit Arrivals(std::size_t count) : at_(count) {}

  void note(std::string_view body) {
    static constexpr std::string_view kName = "\"n\":";
    const std::size_t found = body.find(kName);
    if (found == std::string_view::npos) return;
    const std::size_t n = std::strtoul(body.data() + found + kName.size(), nullptr, 10);
    if (n < at_.size()) at_[n] = Steady::now().time_since_epoch().count();
  }
  // Milliseconds; gives up when it has not arrived.
  double since(std::size_t n, Steady::time_point begun) const {
    const std::int64_t at = at_.at(n);
    if (at == 0) give_up("event " + std::to_string(n) + " never arrived");
    return std::chrono::duration<double, std::milli>(Steady::duration(at) -
                                                     begun.time_since_epoch())
        .count();
  }

 private:
  std::vector<std::atomic<std::int64_t>> at_;
};

// Calls back at a steady pace, however long that takes.
template <class Call>
void at_pace(std::size_t count, double per_second, Call call) {
  const auto begun = Steady::now();
  const std::chrono::duration<double> step(1 / per_second);
  for (std::size_t i = 0; i < count; ++i) {
    std::this_thread::sleep_until(
        begun + std::chrono::duration_cast<Steady::duration>(step * static_cast<double>(i)));
    call(i);
  }
}

std::vector<double> bare_latencies(const std::string& url, std::size_t count, double per_second,
                                   std::size_t first, const Arrivals& arrivals) {
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(), &curl_easy_cleanup);
  std::vector<Steady::time_point> begun(count);
  curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(
      easy.get(), CURLOPT_WRITEFUNCTION,
      +[](char*, std::size_t size, std::size_t n, void*) { return size * n; });
  at_pace(count, per_second, [&](std::size_t i) {
    std::string body = "{\"n\":" + std::to_string(first + i) + ",\"text\":\"";
    body.resize(kBodyBytes - 2, 't');
    body += "\"}";
    curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, body.data());
    begun[i] = Steady::now();
    if (curl_easy_perform(easy.get()) != CURLE_OK) give_up("a bare request failed");
  });
  std::vector<double> latencies;
  for (std::size_t i = 0; i < count; ++i) latencies.push_back(arrivals.since(first + i, begun[i]));
  return latencies;
}

struct Latencies {
  std::vector<double> commits;   // from submitting to the receipt
  std::vector<double> arrivals;  // from the receipt to the receiver
};

Latencies tidemark_latencies(DeliverySide& side, std::size_t count, double per_second,
                             std::size_t first, const Arrivals& arrivals) {
  std::vector<Steady::time_point> submitted(count);
  std::vector<Steady::time_point> durable(count);
  at_pace(count, per_second, [&](std::size_t i) {
    submitted[i] = Steady::now();
    side.emit_now(first + i, 1, [&, i](Steady::time_point at) { durable[i] = at; });
  });
  side.wait_until_delivered("hook", first + count);
  Latencies latencies;
  for (std::size_t i = 0; i < count; ++i) {
    latencies.arrivals.push_back(arrivals.since(first + i, durable[i]));
    latencies.commits.push_back(
        std::chrono::duration<double, std::milli>(durable[i] - submitted[i]).count());
  }
  return latencies;
}

bool latency(const Arguments& arguments) {
  constexpr double kPerSecond = 500;
  const std::size_t count = arguments.events == 0 ? 5'000 : arguments.events;
  const auto rounds = static_cast<std::size_t>(arguments.rounds);
  const ScratchDirectory directory(arguments.path);
  Arrivals arrivals(count * rounds);
  Arrivals bare_arrivals(count * rounds);
  HttpResponder responder([&](std::string_view body) { arrivals.note(body); });
  HttpResponder bare_responder([&](std::string_view body) { bare_arrivals.note(body); });
  DeliverySide side(directory / "store", {{"hook", responder.url(), kConcurrency}});
  side.start();
  std::vector<double> more;
  for (std::size_t round = 0; round < rounds; ++round) {
    const std::size_t first = round * count;
    const auto bare = bare_latencies(bare_responder.url(), count, kPerSecond, first, bare_arrivals);
    const auto ours = tidemark_latencies(side, count, kPerSecond, first, arrivals);
    more.push_back(median(ours.arrivals) - median(bare));
    std::printf(
        "  %.0f events/s: from commit to arrival median %.2f ms, p99 %.2f ms; bare libcurl median "
        "%.2f ms, p99 %.2f ms (the commits took median %.2f ms, p99 %.2f ms)\n",
        kPerSecond, median(ours.arrivals), quantile(ours.arrivals, 0.99), median(bare),
        quantile(bare, 0.99), median(ours.commits), quantile(ours.commits, 0.99));
    std::fflush(stdout);
  }
  side.stop();
  return verdict("latency: more than bare libcurl, median", median(more), " ms", kMostMoreMs);
}

// A port of ours on which nobody listens.
class DeadPort {
 public:
  DeadPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      give_up("cannot bind on loopback");
    }
    port_ = ntohs(address.sin_port);
  }
  ~DeadPort() { ::close(socket_); }
  DeadPort(const DeadPort&) = delete;
  DeadPort& operator=(const DeadPort&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/hook"; }

 private:
  int socket_ = -1;
  std::uint16_t port_ = 0;
};

// The most memory that this process has had while this lives.
class RssWatch {
 public:
  RssWatch() : thread_([this] { run(); }) {}
  ~RssWatch() { finish(); }
  double finish() {
    over_ = true;
    if (thread_.joinable()) thread_.join();
    return most_;
  }

 private:
  void run() {
    for (; !over_; std::this_thread::sleep_for(std::chrono::milliseconds(20))) {
      most_ = std::max(most_, rss_mib());
    }
  }
  std::atomic<bool> over_ = false;
  double most_ = 0;
  std::thread thread_;
};

struct BacklogRun {
  double per_second = 0;  // to the healthy endpoint
  double most_rss = 0;    // MiB, over the whole of it
  double disk_mib = 0;
  std::uint64_t dead_attempts = 0;
  std::uint64_t dead_waiting = 0;
};

// A backlog for an endpoint that answers and, perhaps, for one that refuses connections.
BacklogRun run_backlog(const Arguments& arguments, std::uint64_t events, bool with_dead) {
  constexpr std::uint64_t kEach = 10;  // of one input
  const ScratchDirectory directory(arguments.path);
  HttpResponder responder;
  const DeadPort dead;
  std::vector<DeliverySide::Endpoint> endpoints{{"healthy", responder.url(), kConcurrency}};
  if (with_dead) endpoints.push_back({"dead", dead.url(), kConcurrency});
  DeliverySide side(directory / "store", endpoints);
  RssWatch watch;
  side.emit(events, kEach);
  BacklogRun run;
  run.disk_mib = static_cast<double>(side.disk_bytes()) / (1 << 20);
  const auto begun = Steady::now();
  side.start();
  side.wait_until_delivered("healthy", events);
  run.per_second = static_cast<double>(events) / seconds_since(begun);
  if (with_dead) {
    const auto counts = side.counts("dead");
    run.dead_attempts = counts.failed_attempts;
    run.dead_waiting = counts.waiting;
  }
  run.most_rss = watch.finish();
  side.stop();
  return run;
}

// In a process of its own: what one run leaves in memory does not count for the next.
BacklogRun run_backlog_apart(const Arguments& arguments, std::uint64_t events, bool with_dead) {
  int ends[2];
  if (::pipe(ends) != 0) give_up("cannot make a pipe");
  const pid_t child = ::fork();
  if (child < 0) give_up("cannot fork");
  if (child == 0) {
    const BacklogRun run = run_backlog(arguments, events, with_dead);
    const bool told = ::write(ends[1], &run, sizeof run) == static_cast<ssize_t>(sizeof run);
    ::_exit(told ? 0 : 1);
  }
  ::close(ends[1]);
  BacklogRun run;
  const bool told = ::read(ends[0], &run, sizeof run) == static_cast<ssize_t>(sizeof run);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!told || status != 0) give_up("the run in a process of its own failed");
  return run;
}

bool memory(const Arguments& arguments) {
  const std::uint64_t events = arguments.events == 0 ? 1'000'000 : arguments.events;
  const BacklogRun alone = run_backlog_apart(arguments, events, false);
  const BacklogRun both = run_backlog_apart(arguments, events, true);
  std::printf(
      "  %llu events, %.0f MiB on disk\n"
      "  healthy endpoint alone: %.0f deliveries/s, at most %.1f MiB\n"
      "  beside one with all of them pending: %.0f deliveries/s, ratio %.2f, at most %.1f MiB; the "
      "dead one had %llu attempts and %llu events in retries\n",
      static_cast<unsigned long long>(events), both.disk_mib, alone.per_second, alone.most_rss,
      both.per_second, both.per_second / alone.per_second, both.most_rss,
      static_cast<unsigned long long>(both.dead_attempts),
      static_cast<unsigned long long>(both.dead_waiting));
  return verdict("memory: the most with a dead endpoint against the most without",
                 both.most_rss / alone.most_rss, "", kMostGrowth);
}

int deliver_to_receiver(const Arguments& arguments) {
  const std::uint64_t events = arguments.events == 0 ? 50'000 : arguments.events;
  const ScratchDirectory directory(arguments.path);
  DeliverySide side(directory / "store", {{"hook", arguments.receiver, kConcurrency}});
  const double cpu = cpu_seconds();
  const Run run = deliver_backlog(side, "hook", events);
  std::printf(
      "{\"events\": %llu, \"fill_seconds\": %.6f, \"deliver_seconds\": %.6f, "
      "\"cpu_seconds\": %.6f}\n",
      static_cast<unsigned long long>(events), run.fill_seconds, run.seconds, cpu_seconds() - cpu);
  return 0;
}

Arguments parse(int argc, char** argv) {
  static const std::set<std::string, std::less<>> kNames{"throughput", "latency", "memory"};
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (kNames.contains(flag)) {
      arguments.only.insert(flag);
      continue;
    }
    if (flag == "--check") {
      arguments.check = true;
      continue;
    }
    if (i + 1 == argc) give_up("unknown argument or no value: " + flag);
    const char* value = argv[++i];
    if (flag == "--events") {
      arguments.events = std::strtoull(value, nullptr, 10);
    } else if (flag == "--rounds") {
      arguments.rounds = std::max(1, std::atoi(value));
    } else if (flag == "--path") {
      arguments.path = value;
    } else if (flag == "--receiver") {
      arguments.receiver = value;
    } else {
      give_up("unknown argument " + flag);
    }
  }
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_ARENA_MAX, 2);  // as the program itself does
  const Arguments arguments = parse(argc, argv);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  if (!arguments.receiver.empty()) return deliver_to_receiver(arguments);
  bool met = true;
  if (arguments.wants("throughput")) throughput(arguments);
  if (arguments.wants("latency")) met = latency(arguments) && met;
  if (arguments.wants("memory")) met = memory(arguments) && met;
  return arguments.check && !met ? 1 : 0;
}
