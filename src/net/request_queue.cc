#include "net/request_queue.h"

#include <utility>

namespace tidemark::net {

void RequestQueue::line_up(Host& host) {
  if (host.in_turn || host.waiting.empty() || host.running >= max_per_host_) return;
  host.in_turn = true;
  turns_.push_back(&host);
}

void RequestQueue::push(QueuedRequest request) {
  Host& host = hosts_[request.url.host];
  host.waiting.push_back(std::move(request));
  ++waiting_;
  line_up(host);
}

std::optional<QueuedRequest> RequestQueue::take() {
  if (turns_.empty() || running_ >= max_running_) return std::nullopt;
  Host& host = *turns_.front();
  turns_.pop_front();
  host.in_turn = false;
  QueuedRequest request = std::move(host.waiting.front());
  host.waiting.pop_front();
  --waiting_;
  ++host.running;
  ++running_;
  line_up(host);
  return request;
}

void RequestQueue::finished(const std::string& name) {
  const auto found = hosts_.find(name);
  Host& host = found->second;
  --host.running;
  --running_;
  line_up(host);
  if (host.running == 0 && host.waiting.empty()) hosts_.erase(found);
}

std::vector<QueuedRequest> RequestQueue::take_all() {
  std::vector<QueuedRequest> all;
  all.reserve(waiting_);
  turns_.clear();
  waiting_ = 0;
  for (auto at = hosts_.begin(); at != hosts_.end();) {
    Host& host = at->second;
    for (QueuedRequest& request : host.waiting) all.push_back(std::move(request));
    host.waiting.clear();
    host.in_turn = false;
    at = host.running == 0 ? hosts_.erase(at) : std::next(at);
  }
  return all;
}

}  // namespace tidemark::net
