// Counters, gauges and histograms, exposed in Prometheus' text format. Thread-safe.
// Names follow https://prometheus.io/docs/practices/naming/; label values must be bounded in
// number.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tidemark {

class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;

  Metrics();
  ~Metrics();

  // Each name has one help text, given with describe() before first use; unknown names get none.
  void describe(const std::string& name, const std::string& help);
  void add(const std::string& counter, const Labels& labels, double amount = 1);
  void set(const std::string& gauge, const Labels& labels, double value);
  void remove_gauge(const std::string& gauge, const Labels& labels);
  // Buckets are fixed per name by describe_histogram(); the default spans 100 µs to 60 s.
  void describe_histogram(const std::string& name, const std::string& help,
                          std::vector<double> buckets);
  void observe(const std::string& histogram, const Labels& labels, double value);

  // Called before each render, to set gauges that are cheaper to compute than to keep.
  void on_collect(std::function<void(Metrics&)> callback);
  std::string render();  // text/plain; version=0.0.4

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidemark
