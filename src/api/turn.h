// Bounds how many run at the same time: each counts from its construction to its destruction.
#pragma once

#include <atomic>

namespace tidemark {

class Turn {
 public:
  Turn(std::atomic<int>& running, int most) : running_(running), got_(running_++ < most) {}
  ~Turn() { --running_; }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool got() const { return got_; }

 private:
  std::atomic<int>& running_;
  bool got_;
};

}  // namespace tidemark
