#include "net/curl_pool.h"

#include <algorithm>
#include <utility>

namespace tidemark::net {
namespace {

constexpr std::size_t kMaxIdle = 64;

}  // namespace

CurlHandle::CurlHandle() : easy_(curl_easy_init()), multi_(curl_multi_init()) {}

CurlHandle::~CurlHandle() {
  if (easy_ != nullptr) curl_easy_cleanup(easy_);
  if (multi_ != nullptr) curl_multi_cleanup(multi_);
}

std::unique_ptr<CurlHandle> CurlPool::take(const std::string& key) {
  std::unique_ptr<CurlHandle> handle;
  {
    const std::lock_guard lock(mutex_);
    // The most recently used one has the best chance of a connection that is still open.
    const auto found = std::find_if(idle_.rbegin(), idle_.rend(),
                                    [&](const Idle& idle) { return idle.key == key; });
    if (found != idle_.rend()) {
      handle = std::move(found->handle);
      idle_.erase(std::next(found).base());
      active_.insert(handle.get());
      return handle;
    }
  }
  handle = std::make_unique<CurlHandle>();
  if (!handle->valid()) return nullptr;
  const std::lock_guard lock(mutex_);
  active_.insert(handle.get());
  return handle;
}

void CurlPool::give_back(const std::string& key, std::unique_ptr<CurlHandle> handle) {
  std::unique_ptr<CurlHandle> evicted;  // closed after the lock is released: it may do I/O
  const std::lock_guard lock(mutex_);
  active_.erase(handle.get());
  if (idle_.size() >= kMaxIdle) {
    evicted = std::move(idle_.front().handle);
    idle_.erase(idle_.begin());
  }
  idle_.push_back({key, std::move(handle)});
}

void CurlPool::drop(std::unique_ptr<CurlHandle> handle) {
  const std::lock_guard lock(mutex_);
  active_.erase(handle.get());
}

void CurlPool::cancel_all() {
  cancelled_.store(true);
  const std::lock_guard lock(mutex_);
  for (CurlHandle* handle : active_) curl_multi_wakeup(handle->multi());
}

}  // namespace tidemark::net
