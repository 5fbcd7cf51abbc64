// What every fuzz target is made of. A target is one file:
//
//   #include "target.h"
//   TIDEMARK_FUZZ_TARGET(url) {             // `bytes` is the input, as a std::string_view
//     require(holds(bytes), "what always holds");
//   }
//
// It is compiled twice: with libFuzzer, one executable each, and into the one executable that runs
// all targets over the corpus with every compiler (replay.cc).
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace tidemark::fuzz {

// A property that no input breaks. Aborts, so that the fuzzer keeps the input.
inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", property);
  std::abort();
}

// The input as a source of values, for targets that build something from it. An empty source gives
// zeros and empty texts.
class Source {
 public:
  explicit Source(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t u8() {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  bool flag() { return (u8() & 1U) != 0; }
  std::uint64_t u64() {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8U | u8();
    return value;
  }
  std::size_t below(std::size_t limit) { return u8() % limit; }  // limit: at most 256
  std::string text() { return std::string(take(u8())); }
  std::string_view take(std::size_t size) {
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view rest() const { return rest_; }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// What can be read can be written, read again, and is then written the same: decode(encode(x)) is x
// for types that need no operator== for anything else.
template <class Decode, class Encode>
void require_stable(std::string_view bytes, Decode&& decode, Encode&& encode) {
  auto first = decode(bytes);
  if (!first) return;
  const std::string written = encode(*first);
  auto second = decode(written);
  require(static_cast<bool>(second), "what was written can be read");
  require(encode(*second) == written, "what was read again is written the same");
}

// For replay.cc: all targets that are linked, by name.
struct Target {
  const char* name;
  void (*run)(std::string_view bytes);
  const Target* next;

  Target(const char* target_name, void (*run_target)(std::string_view));
  static const Target*& first();
};

}  // namespace tidemark::fuzz

#ifdef TIDEMARK_FUZZ_REPLAY
#define TIDEMARK_FUZZ_ENTRY(target_name) \
  static const ::tidemark::fuzz::Target target_##target_name{#target_name, run_##target_name};
#else
#define TIDEMARK_FUZZ_ENTRY(target_name)                                              \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    run_##target_name({reinterpret_cast<const char*>(data), size});                   \
    return 0;                                                                         \
  }
#endif

#define TIDEMARK_FUZZ_TARGET(target_name)                \
  static void run_##target_name(std::string_view bytes); \
  TIDEMARK_FUZZ_ENTRY(target_name)                       \
  static void run_##target_name([[maybe_unused]] std::string_view bytes)
