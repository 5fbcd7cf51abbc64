// A real CalDAV server of its own for one test: started on a free loopback port in a temporary
// directory, killed with the object.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "net/http.h"
#include "support/temporary_directory.h"

namespace tidemark::test {

class DavProcess {
 public:
  enum class Kind { radicale, xandikos };
  struct Options {
    Kind kind = Kind::radicale;
    std::optional<std::chrono::seconds> max_sync_token_age{};  // radicale
  };

  // Records a test failure when the server cannot be started; started() is false then.
  explicit DavProcess(Options options);
  DavProcess() : DavProcess(Options{}) {}
  ~DavProcess();
  DavProcess(const DavProcess&) = delete;
  DavProcess& operator=(const DavProcess&) = delete;

  bool started() const { return started_; }
  std::uint16_t port() const { return port_; }
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // The URL of alice's calendar `name`, with a trailing slash.
  std::string calendar_url(const std::string& name) const;
  // Radicale knows alice; Xandikos 0.2.8 has no authentication.
  std::optional<Credentials> credentials() const;

  // Requests as alice; each records a test failure when the server refuses.
  void make_calendar(const std::string& name);
  void put(const std::string& url, const std::string& body);
  void remove(const std::string& url);
  void move(const std::string& from_url, const std::string& to_url);
  HttpResponse send(HttpRequest request);
  // Radicale: makes every sync token this much older, as if time had passed.
  void age_sync_tokens(std::chrono::hours by);

 private:
  void spawn();
  bool wait_until_ready();
  std::string write_radicale_configuration() const;

  Options options_;
  TemporaryDirectory directory_;
  std::unique_ptr<HttpClient> http_;
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
  bool started_ = false;
};

}  // namespace tidemark::test
