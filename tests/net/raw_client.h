// A client that sends exactly the bytes a test wants and shows exactly what comes back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidemark::test {

class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  explicit RawClient(const std::string& unix_socket);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  // False once the server has closed.
  bool send(std::string_view bytes);
  void finish_sending();  // half-close
  // One response with Content-Length (or without a body); empty when the server closes first.
  std::string read_response();
  // Blocks until `text` has been received; false when the server closes first.
  bool read_until(std::string_view text);
  // Everything that was not yet read, until the server closes.
  std::string read_to_end();

 private:
  bool receive();

  int socket_;
  bool connected_ = false;
  std::string received_;
};

int status_of(const std::string& response);  // 0 when it is none

}  // namespace tidemark::test
