#include "net/curl_errors.h"

#include <algorithm>
#include <string>
namespace tidemark::net {
namespace {

// The reason may quote bytes of the server's.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char character) {
        const auto byte = static_cast<unsigned char>(character);
        return byte < 0x20 || byte >= 0x7f;
      },
      '?');
  return text;
}

std::string tls_advice(const CurlFailure& failure) {
  return failure.ca_file.empty()
             ? "if the server uses a private certificate authority, name its certificate as ca_file"
             : "the authority in ca_file \"" + failure.ca_file + "\" must have signed it";
}

}  // namespace

Error curl_error(CURLcode code, const CurlFailure& failure) {
  const std::string reason =
      printable(failure.reason.empty() ? curl_easy_strerror(code) : failure.reason);
  const auto make = [&](Errc errc, const std::string& what) {
    return Error{errc, failure.where + ": " + what, std::nullopt};
  };
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return make(Errc::unavailable, "the host name cannot be resolved (" + reason + ")");
    case CURLE_COULDNT_CONNECT:
      return make(Errc::unavailable, failure.unix_socket.empty()
                                         ? "cannot connect (" + reason + ")"
                                         : "nobody answers on the socket " + failure.unix_socket);
    case CURLE_OPERATION_TIMEDOUT:
      return make(Errc::timeout, failure.connected ? "no complete answer in time (" + reason + ")"
                                                   : "no connection in time (" + reason + ")");
    case CURLE_PEER_FAILED_VERIFICATION:
      return make(Errc::tls_error, "the server's certificate is not trusted: " + reason + "; " +
                                       tls_advice(failure));
    case CURLE_SSL_CACERT_BADFILE:
      return make(Errc::tls_error, "ca_file \"" + failure.ca_file +
                                       "\" cannot be read as PEM certificates: " + reason);
    case CURLE_SSL_CONNECT_ERROR:
      return make(Errc::tls_error,
                  "the TLS handshake failed: " + reason + "; is it an https server?");
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS: return make(Errc::tls_error, "TLS failed: " + reason);
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: return make(Errc::unavailable, "the connection broke (" + reason + ")");
    case CURLE_PARTIAL_FILE:
      return make(Errc::unavailable, "the answer ended early (" + reason + ")");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WRITE_ERROR:
      return make(Errc::protocol_error, "the answer is not HTTP as it should be (" + reason + ")");
    case CURLE_URL_MALFORMAT:
      return make(Errc::invalid_argument, "the URL is not usable (" + reason + ")");
    case CURLE_OUT_OF_MEMORY: return make(Errc::overloaded, "out of memory");
    default: return make(Errc::protocol_error, reason);
  }
}

}  // namespace tidemark::net
