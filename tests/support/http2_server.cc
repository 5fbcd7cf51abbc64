#include "support/http2_server.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>

namespace tidemark::test {
namespace {

// RFC 9113: section 3.4, 4.1, 6.
constexpr std::size_t kPrefaceBytes = 24;
constexpr std::size_t kFrameHeaderBytes = 9;
enum FrameType : std::uint8_t { kData = 0, kHeaders = 1, kSettings = 4, kPing = 6, kGoAway = 7 };
constexpr std::uint8_t kEndStream = 0x1;
constexpr std::uint8_t kAck = 0x1;
constexpr std::uint8_t kEndHeaders = 0x4;
constexpr char kStatus204 = '\x89';  // RFC 7541 appendix A, index 9

int choose_h2(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
              unsigned int offered_size, void*) {
  static constexpr unsigned char kH2[] = {2, 'h', '2'};
  return SSL_select_next_proto(const_cast<unsigned char**>(chosen), size, kH2, sizeof kH2, offered,
                               offered_size) == OPENSSL_NPN_NEGOTIATED
             ? SSL_TLSEXT_ERR_OK
             : SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool read_exactly(SSL* tls, std::size_t bytes, std::string& into) {
  into.resize(bytes);
  for (std::size_t at = 0; at < bytes;) {
    const int count = SSL_read(tls, into.data() + at, static_cast<int>(bytes - at));
    if (count <= 0) return false;
    at += static_cast<std::size_t>(count);
  }
  return true;
}

bool write_frame(SSL* tls, std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                 std::string_view payload) {
  std::string frame;
  for (const int shift : {16, 8, 0}) frame += static_cast<char>(payload.size() >> shift);
  frame += static_cast<char>(type);
  frame += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(stream >> shift);
  frame += payload;
  return SSL_write(tls, frame.data(), static_cast<int>(frame.size())) > 0;
}

}  // namespace

Http2Server::Http2Server(const std::string& ca_file, std::size_t open_before_answers)
    : open_before_answers_(open_before_answers),
      identity_(ca_file, "127.0.0.1"),
      context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free) {
  SSL_CTX_use_certificate(context_.get(), identity_.certificate.get());
  SSL_CTX_use_PrivateKey(context_.get(), identity_.key.get());
  SSL_CTX_set_alpn_select_cb(context_.get(), &choose_h2, nullptr);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    ADD_FAILURE() << "cannot listen on loopback";
    return;
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_loop(); });
}

Http2Server::~Http2Server() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  if (acceptor_.joinable()) acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  for (const int socket : sockets_) ::close(socket);
  ::close(listener_);
}

std::string Http2Server::url(const std::string& path) const {
  return "https://127.0.0.1:" + std::to_string(port_) + path;
}

std::size_t Http2Server::connections() const {
  const std::lock_guard lock(mutex_);
  return sockets_.size();
}

std::size_t Http2Server::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void Http2Server::accept_loop() {
  while (true) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      ::close(socket);
      return;
    }
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket] { serve(socket); });
  }
}

void Http2Server::serve(int socket) {
  const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context_.get()), &SSL_free);
  SSL_set_fd(tls.get(), socket);
  if (SSL_accept(tls.get()) == 1) talk(tls.get());
  ::shutdown(socket, SHUT_RDWR);
}

void Http2Server::talk(SSL* tls) {
  std::string header;
  std::string payload;
  std::vector<std::uint32_t> open;
  if (!read_exactly(tls, kPrefaceBytes, payload) || !write_frame(tls, kSettings, 0, 0, "")) return;
  while (read_exactly(tls, kFrameHeaderBytes, header)) {
    const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(header[at]); };
    const std::size_t length = byte(0) << 16 | byte(1) << 8 | byte(2);
    const std::uint8_t type = byte(3);
    const std::uint8_t flags = byte(4);
    const std::uint32_t stream = (byte(5) & 0x7fU) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8);
    if (!read_exactly(tls, length, payload) || type == kGoAway) return;
    if (type == kSettings && (flags & kAck) == 0) write_frame(tls, kSettings, kAck, 0, "");
    if (type == kPing && (flags & kAck) == 0) write_frame(tls, kPing, kAck, 0, payload);
    if ((type != kHeaders && type != kData) || (flags & kEndStream) == 0) continue;
    open.push_back(stream);
    {
      const std::lock_guard lock(mutex_);
      ++requests_;
    }
    if (open.size() < open_before_answers_) continue;
    for (const std::uint32_t answered : open) {
      write_frame(tls, kHeaders, kEndHeaders | kEndStream, answered, {&kStatus204, 1});
    }
    open.clear();
  }
}

}  // namespace tidemark::test
