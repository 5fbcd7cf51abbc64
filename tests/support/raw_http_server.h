// A loopback HTTP server that says exactly the bytes a test wants, right or wrong, and records
// what it was asked. One thread per connection. For testing clients.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tidemark::test {

struct RawRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  int connection = 0;  // the how-manieth connection this came on, from 1

  std::string header(const std::string& name) const;  // empty when missing
};

class RawConnection {
 public:
  explicit RawConnection(int socket) : socket_(socket) {}
  // False once the client has gone.
  bool send(std::string_view bytes);
  // "HTTP/1.1 200 OK" with Content-Length.
  bool reply(int status, std::string_view body, const std::string& extra_headers = {});
  // Ends the connection after the handler returns.
  void close() { open_ = false; }
  // Blocks until the client, or the server's end, closes the connection.
  void wait_until_closed();
  bool is_open() const { return open_; }

 private:
  int socket_;
  bool open_ = true;
};

class RawHttpServer {
 public:
  using Handler = std::function<void(const RawRequest&, RawConnection&)>;

  explicit RawHttpServer(Handler handler);
  ~RawHttpServer();
  RawHttpServer(const RawHttpServer&) = delete;
  RawHttpServer& operator=(const RawHttpServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& path = "/") const;
  std::vector<RawRequest> requests() const;
  // Blocks until this many requests have arrived.
  void wait_for_requests(std::size_t count);

 private:
  void accept_loop();
  void serve(int socket, int number);

  Handler handler_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<RawRequest> requests_;
  std::vector<std::thread> threads_;
  std::vector<int> sockets_;
  bool stopping_ = false;
  std::thread acceptor_;
};

}  // namespace tidemark::test
