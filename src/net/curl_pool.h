// libcurl handles, owned and kept for reuse. Inside src/net/ only.
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace tidemark::net {

// One transfer's worth of libcurl: an easy handle, which remembers Digest state, in a multi handle
// of its own, which holds the connections and can be woken from another thread.
class CurlHandle {
 public:
  CurlHandle();
  ~CurlHandle();
  CurlHandle(const CurlHandle&) = delete;
  CurlHandle& operator=(const CurlHandle&) = delete;

  bool valid() const { return easy_ != nullptr && multi_ != nullptr; }
  CURL* easy() { return easy_; }
  CURLM* multi() { return multi_; }

 private:
  CURL* easy_;
  CURLM* multi_;
};

// Idle handles by key (origin, user, socket, CA), and the handles in use, so that they can be
// woken. Thread-safe. A handle that carried one user's credentials never serves another user.
class CurlPool {
 public:
  // Null when out of memory.
  std::unique_ptr<CurlHandle> take(const std::string& key);
  void give_back(const std::string& key, std::unique_ptr<CurlHandle> handle);
  void drop(std::unique_ptr<CurlHandle> handle);

  void cancel_all();
  bool cancelled() const { return cancelled_.load(); }

 private:
  struct Idle {
    std::string key;
    std::unique_ptr<CurlHandle> handle;
  };
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::vector<Idle> idle_;  // oldest first; short, so that a linear search is the fast one
  std::set<CurlHandle*> active_;
};

}  // namespace tidemark::net
