#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <unordered_map>

namespace tidemark {
namespace {

const std::vector<double> kDefaultBuckets{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                          0.01,   0.025,   0.05,   0.1,   0.25,   0.5,
                                          1,      2.5,     10,     60};

}  // namespace

// Families are looked up by name under one mutex; the children themselves are lock-free.
struct Metrics::Impl {
  std::mutex mutex;
  prometheus::Registry registry;
  std::unordered_map<std::string, std::string> help;
  std::unordered_map<std::string, std::vector<double>> buckets;
  std::unordered_map<std::string, prometheus::Family<prometheus::Counter>*> counters;
  std::unordered_map<std::string, prometheus::Family<prometheus::Gauge>*> gauges;
  std::unordered_map<std::string, prometheus::Family<prometheus::Histogram>*> histograms;
  std::vector<std::shared_ptr<std::function<void(Metrics&)>>> collectors;
  std::mutex rendering;  // one render at a time; before mutex

  template <class T>
  prometheus::Family<T>& family(std::unordered_map<std::string, prometheus::Family<T>*>& families,
                                prometheus::detail::Builder<T> builder, const std::string& name) {
    auto& slot = families[name];
    if (slot == nullptr) {
      const auto text = help.find(name);
      slot = &builder.Name(name).Help(text == help.end() ? "" : text->second).Register(registry);
    }
    return *slot;
  }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::describe(const std::string& name, const std::string& help) {
  const std::lock_guard lock(impl_->mutex);
  impl_->help[name] = help;
}

void Metrics::add(const std::string& counter, const Labels& labels, double amount) {
  const std::lock_guard lock(impl_->mutex);
  impl_->family(impl_->counters, prometheus::BuildCounter(), counter).Add(labels).Increment(amount);
}

void Metrics::set(const std::string& gauge, const Labels& labels, double value) {
  const std::lock_guard lock(impl_->mutex);
  impl_->family(impl_->gauges, prometheus::BuildGauge(), gauge).Add(labels).Set(value);
}

void Metrics::remove_gauge(const std::string& gauge, const Labels& labels) {
  const std::lock_guard lock(impl_->mutex);
  auto& family = impl_->family(impl_->gauges, prometheus::BuildGauge(), gauge);
  family.Remove(&family.Add(labels));
}

void Metrics::describe_histogram(const std::string& name, const std::string& help,
                                 std::vector<double> buckets) {
  const std::lock_guard lock(impl_->mutex);
  impl_->help[name] = help;
  impl_->buckets[name] = std::move(buckets);
}

void Metrics::observe(const std::string& histogram, const Labels& labels, double value) {
  const std::lock_guard lock(impl_->mutex);
  const auto buckets = impl_->buckets.find(histogram);
  impl_->family(impl_->histograms, prometheus::BuildHistogram(), histogram)
      .Add(labels, buckets == impl_->buckets.end() ? kDefaultBuckets : buckets->second)
      .Observe(value);
}

void Metrics::on_collect(std::function<void(Metrics&)> callback) {
  const std::lock_guard lock(impl_->mutex);
  impl_->collectors.push_back(std::make_shared<std::function<void(Metrics&)>>(std::move(callback)));
}

std::string Metrics::render() {
  // The collectors themselves, not copies: they may remember what they set the last time.
  const std::lock_guard rendering(impl_->rendering);
  std::vector<std::shared_ptr<std::function<void(Metrics&)>>> collectors;
  {
    const std::lock_guard lock(impl_->mutex);
    collectors = impl_->collectors;
  }
  for (const auto& collect : collectors) (*collect)(*this);
  return prometheus::TextSerializer{}.Serialize(impl_->registry.Collect());
}

}  // namespace tidemark
