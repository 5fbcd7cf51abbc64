#include "net/curl_client.h"

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "net/curl_pool.h"
#include "net/curl_setup.h"
#include "net/curl_transfer.h"
#include "net/http_syntax.h"
#include "net/url.h"

namespace tidemark {
namespace {

constexpr unsigned long kBasicOrDigest = CURLAUTH_BASIC | CURLAUTH_DIGEST;
constexpr std::size_t kMaxRemembered = 1024;

// What each origin wanted from each user, as CURLAUTH_ bits. Thread-safe.
class AuthMemory {
 public:
  unsigned long recall(const std::string& key, unsigned long otherwise) const {
    const std::lock_guard lock(mutex_);
    const auto found = schemes_.find(key);
    return found == schemes_.end() ? otherwise : found->second;
  }

  void remember(const std::string& key, unsigned long scheme) {
    const std::lock_guard lock(mutex_);
    if (schemes_.size() >= kMaxRemembered) schemes_.clear();
    schemes_[key] = scheme;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, unsigned long> schemes_;
};

std::string pool_key(const HttpRequest& request, const Url& url) {
  std::string key = url.origin();
  // The lengths keep two different tuples from having the same key.
  for (const std::string& part :
       {request.credentials ? "u" + request.credentials->username : std::string(),
        request.unix_socket, request.tls.ca_file}) {
    key += '\n' + std::to_string(part.size()) + ':' + part;
  }
  return key;
}

// The stronger of what is offered; 0 when it is nothing of ours.
unsigned long strongest(unsigned long offered) {
  if ((offered & CURLAUTH_DIGEST) != 0) return CURLAUTH_DIGEST;
  return offered & CURLAUTH_BASIC;
}

}  // namespace

class CurlHttpClient::Impl {
 public:
  Result<HttpResponse> send(const HttpRequest& request, const BodySink& sink) {
    TM_TRY(net::check_request(request));
    TM_ASSIGN(const Url url, parse_url(request.url));
    const std::string key = pool_key(request, url);
    if (!request.credentials) return attempt(key, request, url, sink, CURLAUTH_NONE).response;

    const unsigned long first =
        memory_.recall(key, url.scheme == "https" ? CURLAUTH_BASIC : kBasicOrDigest);
    Attempt done = attempt(key, request, url, sink, first);
    const unsigned long wanted = strongest(done.offered);
    if (wanted == 0 || !done.response) return std::move(done.response);
    if (done.response->status == 401 && (first & wanted) == 0) {
      done = attempt(key, request, url, sink, wanted);
    }
    if (done.response && done.response->status != 401) memory_.remember(key, wanted);
    return std::move(done.response);
  }

  net::CurlPool& pool() { return pool_; }

 private:
  struct Attempt {
    Result<HttpResponse> response;
    unsigned long offered;
  };

  Attempt attempt(const std::string& key, const HttpRequest& request, const Url& url,
                  const BodySink& sink, unsigned long auth) {
    auto handle = pool_.take(key);
    if (!handle) return {fail(Errc::overloaded, "out of memory for another HTTP connection"), 0};
    bool keep = false;
    Attempt result{HttpResponse{}, 0};
    {
      net::Transfer transfer(*handle, pool_, request, url, sink, auth);
      result.response = transfer.run();
      result.offered = transfer.offered_auth();
      keep = transfer.reusable();
    }
    if (keep) {
      pool_.give_back(key, std::move(handle));
    } else {
      pool_.drop(std::move(handle));
    }
    return result;
  }

  net::CurlPool pool_;
  AuthMemory memory_;
};

CurlHttpClient::CurlHttpClient() {
  net::set_up_curl();
  impl_ = std::make_unique<Impl>();
}

CurlHttpClient::~CurlHttpClient() = default;

Result<HttpResponse> CurlHttpClient::send(const HttpRequest& request, const BodySink& sink) {
  return impl_->send(request, sink);
}

void CurlHttpClient::cancel_all() {
  impl_->pool().cancel_all();
}

}  // namespace tidemark
