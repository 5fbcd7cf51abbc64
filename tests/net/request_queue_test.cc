#include "net/request_queue.h"

#include <gtest/gtest.h>

namespace tidemark {
namespace {

using net::QueuedRequest;
using net::RequestQueue;

QueuedRequest to(const std::string& host) {
  QueuedRequest request;
  request.url.host = host;
  return request;
}

// The hosts of the next ones, fewer when no more may run.
std::string take(RequestQueue& queue, int count = 1) {
  std::string hosts;
  for (int i = 0; i < count; ++i) {
    if (const auto taken = queue.take()) hosts += taken->url.host;
  }
  return hosts;
}

TEST(RequestQueue, LetsHostsTakeTurns) {
  RequestQueue queue(100, 100);
  for (const char* host : {"a", "a", "a", "a", "b", "c"}) queue.push(to(host));
  EXPECT_EQ(take(queue, 6), "abcaaa");
}

TEST(RequestQueue, HoldsBackAHostAtItsLimitButNobodyElse) {
  RequestQueue queue(100, 2);
  for (const char* host : {"a", "a", "a", "b"}) queue.push(to(host));
  EXPECT_EQ(take(queue, 3), "aba");
  EXPECT_EQ(take(queue), "");
  queue.finished("b");
  EXPECT_EQ(take(queue), "");
  queue.finished("a");
  EXPECT_EQ(take(queue), "a");
}

TEST(RequestQueue, KeepsToTheLimitOverAllHosts) {
  RequestQueue queue(2, 2);
  for (const char* host : {"a", "b", "c"}) queue.push(to(host));
  EXPECT_EQ(take(queue, 2), "ab");
  EXPECT_EQ(take(queue), "");
  EXPECT_EQ(queue.running(), 2U);
  queue.finished("b");
  EXPECT_EQ(take(queue), "c");
}

TEST(RequestQueue, GivesUpWhatWaitsAndGoesOnWithWhatRuns) {
  RequestQueue queue(1, 1);
  for (const char* host : {"a", "a", "b"}) queue.push(to(host));
  EXPECT_EQ(take(queue), "a");
  EXPECT_EQ(queue.take_all().size(), 2U);
  EXPECT_EQ(queue.waiting(), 0U);
  queue.finished("a");
  EXPECT_EQ(take(queue), "");
  queue.push(to("a"));
  EXPECT_EQ(take(queue), "a");
}

}  // namespace
}  // namespace tidemark
