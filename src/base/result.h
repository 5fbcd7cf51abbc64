// Result<T> and Error: how every module of Tidemark reports failure.
//
// No exception crosses a module boundary; a third-party throw is converted where it enters.
// Whether a retry can help is a property of the code (retryable()), never parsed from a string.
// A message says what went wrong, where, and what to do about it. It never contains a secret.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace tidemark {

enum class Errc : std::uint8_t {
  invalid_argument,  // the caller's input is wrong; the same input will fail again
  not_found,
  conflict,
  limit_exceeded,  // a size, count, depth or time limit of ours
  unauthorized,    // upstream said 401: credentials are missing or wrong
  forbidden,       // upstream said 403, or a rule of ours: understood, refused
  stale_cursor,    // upstream no longer accepts our sync token: a full pass is needed
  protocol_error,  // upstream answered, but not in the protocol (HTML for XML, broken status)
  parse_error,     // bytes that cannot be read as what they claim to be
  tls_error,       // certificate or handshake refused
  unavailable,     // retryable: connection refused, DNS, 5xx, 429
  timeout,         // retryable
  overloaded,      // retryable: our own inbox or pool is full
  io_error,        // retryable: the disk said no
  disk_full,       // retryable once there is space
  corrupt,         // the store lost or damaged data it had acknowledged
  locked,          // the data directory is in use by another process
  newer_format,    // the data directory was written by a newer version
  no_key,          // secrets cannot be sealed or opened: the master key is missing or another one
  cancelled,       // we are shutting down
  internal,        // a bug of ours
};

// The stable, lower-case name used in logs ("error_code") and in problem+json ("code").
std::string_view name(Errc code);

// True when the same request may succeed later without anyone changing it.
bool retryable(Errc code);

struct Error {
  Errc code = Errc::internal;
  std::string message;
  // What upstream asked for (Retry-After); absent when it did not.
  std::optional<std::chrono::seconds> retry_after{};

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Errc code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::nullopt});
}

inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

// Puts where or while doing what in front of an error that came from below.
Error in_context(std::string_view context, Error error);

}  // namespace tidemark

#define TM_CONCAT_INNER(a, b) a##b
#define TM_CONCAT(a, b) TM_CONCAT_INNER(a, b)

// Returns the error of a Result<void> (or of any Result whose value is not needed).
#define TM_TRY(expression)                                   \
  do {                                                       \
    if (auto tm_result = (expression); !tm_result) {         \
      return ::tidemark::fail(std::move(tm_result).error()); \
    }                                                        \
  } while (false)

// TM_ASSIGN(auto value, expression): declares value or returns the error.
#define TM_ASSIGN(declaration, expression) \
  TM_ASSIGN_INNER(TM_CONCAT(tm_result_, __LINE__), declaration, expression)
#define TM_ASSIGN_INNER(temporary, declaration, expression)              \
  auto temporary = (expression);                                         \
  if (!temporary) return ::tidemark::fail(std::move(temporary).error()); \
  declaration = std::move(*temporary)
