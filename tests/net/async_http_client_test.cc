#include "net/async_http_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>

#include "net/async_http_support.h"
#include "support/raw_http_server.h"

namespace tidemark {
namespace {

using std::chrono::milliseconds;
using test::drain;
using test::make_client;
using test::Outcome;
using test::post_to;
using test::RawConnection;
using test::RawHttpServer;
using test::RawRequest;
using test::send;
using test::start;

using Futures = std::vector<std::future<Outcome>>;

TEST(AsyncHttpClient, SendsMethodHeadersAndBodyAsGiven) {
  RawHttpServer server([](const RawRequest&, RawConnection& connection) {
    connection.reply(202, "accepted", "X-Id: 7\r\n");
  });
  const auto client = make_client();
  HttpRequest request = post_to(server.url("/hook?x=1"), R"({"a":1})");
  request.headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}};
  const auto [response, timing] = send(*client, request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 202);
  EXPECT_EQ(response->body, "accepted");
  EXPECT_EQ(find_header(response->headers, "x-id"), "7");
  EXPECT_TRUE(timing.new_connection);
  EXPECT_GT(timing.connected.count(), 0);
  EXPECT_GE(timing.first_byte, timing.connected);
  EXPECT_GE(timing.total, timing.first_byte);
  const RawRequest seen = server.requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/hook?x=1");
  EXPECT_EQ(seen.body, R"({"a":1})");
  EXPECT_EQ(seen.header("content-type"), "application/json");
  EXPECT_EQ(seen.headers.count("x-empty"), 1U);
  EXPECT_EQ(seen.headers.count("expect"), 0U);
}

TEST(AsyncHttpClient, ReusesItsConnectionForEveryMethod) {
  RawHttpServer server([](const RawRequest& request, RawConnection& connection) {
    request.method == "HEAD" ? connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
                             : connection.reply(200, request.method);
  });
  const auto client = make_client();
  bool first = true;
  for (const char* method : {"POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "POST"}) {
    HttpRequest request = post_to(server.url(), "");
    request.method = method;
    if (request.method == "PUT" || request.method == "PATCH") request.body = "body";
    const auto [response, timing] = send(*client, request);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, request.method == "HEAD" ? "" : method);
    EXPECT_EQ(server.requests().back().body, request.body);
    EXPECT_EQ(server.requests().back().connection, 1) << method;
    EXPECT_EQ(timing.new_connection, std::exchange(first, false));
  }
}

TEST(AsyncHttpClient, OpensANewConnectionWhereTheServerHasClosedTheOldOne) {
  RawHttpServer server([](const RawRequest&, RawConnection& connection) {
    connection.reply(200, "bye");
    connection.close();
  });
  const auto client = make_client();
  for (int round = 1; round <= 5; ++round) {
    const auto [response, timing] = send(*client, post_to(server.url()));
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(server.requests().back().connection, round);
  }
}

TEST(AsyncHttpClient, RunsManyRequestsAtOnce) {
  constexpr std::size_t kAtOnce = 48;
  RawHttpServer* all = nullptr;
  RawHttpServer server([&](const RawRequest& request, RawConnection& connection) {
    all->wait_for_requests(kAtOnce);  // nobody is answered before all have come
    connection.reply(200, request.body);
  });
  all = &server;
  const auto client = make_client();
  for (int round = 0; round < 3; ++round) {
    Futures futures;
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      futures.push_back(start(*client, post_to(server.url(), std::to_string(i))));
    }
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      const Outcome outcome = futures[i].get();
      ASSERT_TRUE(outcome.response) << outcome.response.error().message;
      EXPECT_EQ(outcome.response->body, std::to_string(i));
    }
  }
  for (const RawRequest& request : server.requests()) {
    EXPECT_LE(request.connection, static_cast<int>(kAtOnce));
  }
}

TEST(AsyncHttpClient, KeepsToItsLimitPerHost) {
  std::atomic<int> active = 0;
  std::atomic<int> most = 0;
  RawHttpServer server([&](const RawRequest&, RawConnection& connection) {
    const int now = ++active;
    int before = most;
    while (before < now && !most.compare_exchange_weak(before, now)) {
    }
    std::this_thread::yield();
    --active;
    connection.reply(200, "");
  });
  const auto client = make_client({.max_per_host = 2});
  Futures futures;
  for (int i = 0; i < 40; ++i) futures.push_back(start(*client, post_to(server.url())));
  for (auto& future : futures) EXPECT_TRUE(future.get().response);
  EXPECT_LE(most, 2);
  for (const RawRequest& request : server.requests()) EXPECT_LE(request.connection, 2);
}

TEST(AsyncHttpClient, NeverFollowsARedirect) {
  RawHttpServer other(
      [](const RawRequest&, RawConnection& connection) { connection.reply(200, "stolen"); });
  RawHttpServer server([&](const RawRequest&, RawConnection& connection) {
    connection.reply(307, "moved", "Location: " + other.url() + "\r\n");
  });
  const auto client = make_client();
  const auto [response, timing] = send(*client, post_to(server.url()));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 307);
  EXPECT_EQ(find_header(response->headers, "Location"), other.url());
  EXPECT_TRUE(other.requests().empty());
}

TEST(AsyncHttpClient, IgnoresProxiesOfTheEnvironment) {
  RawHttpServer server(
      [](const RawRequest&, RawConnection& connection) { connection.reply(200, "direct"); });
  ::setenv("http_proxy", "http://127.0.0.1:1/", 1);
  const auto client = make_client();
  const auto [response, timing] = send(*client, post_to(server.url()));
  ::unsetenv("http_proxy");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "direct");
}

TEST(AsyncHttpClient, SaysWhatWentWrongAndWhere) {
  std::uint16_t port = 0;
  {
    RawHttpServer gone([](const RawRequest&, RawConnection&) {});
    port = gone.port();
  }
  RawHttpServer server([](const RawRequest& request, RawConnection& connection) {
    if (request.target == "/garbage") connection.send("220 mail.example.com ESMTP\r\n");
    if (request.target == "/short") {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    }
    connection.close();
  });
  const auto client = make_client();
  const auto error = [&](const std::string& url) {
    return send(*client, post_to(url)).response.error();
  };
  const std::string closed = "127.0.0.1:" + std::to_string(port);
  const Error refused = error("http://" + closed + "/hook?token=hunter2");
  EXPECT_EQ(refused.code, Errc::unavailable);
  EXPECT_TRUE(refused.message.starts_with("POST " + closed + "/hook: ")) << refused.message;
  EXPECT_EQ(error("http://nonexistent.invalid/").code, Errc::unavailable);
  EXPECT_EQ(error(server.url("/garbage")).code, Errc::protocol_error);
  EXPECT_EQ(error(server.url("/short")).code, Errc::unavailable);
  EXPECT_EQ(error(server.url("/nothing")).code, Errc::unavailable);
}

TEST(AsyncHttpClient, RefusesWhatItCannotSendFromTheDriverThread) {
  const auto client = make_client();
  HttpRequest injected = post_to("http://127.0.0.1/");
  injected.headers = {{"X", "a\r\nY: b"}};
  HttpRequest with_credentials = post_to("http://127.0.0.1/");
  with_credentials.credentials = Credentials{"alice", Secret("hunter2")};
  HttpRequest unix_socket = post_to("http://127.0.0.1/");
  unix_socket.unix_socket = "/tmp/x";
  for (const HttpRequest& request :
       {injected, with_credentials, unix_socket, post_to("ftp://127.0.0.1/"), post_to("x"),
        post_to("http://alice:hunter2@127.0.0.1/"), post_to("file:///etc/passwd")}) {
    const auto called = std::make_shared<std::promise<std::pair<Error, bool>>>();
    auto future = called->get_future();
    client->start(request, [&, called](Result<HttpResponse> response, const HttpTiming&) {
      called->set_value({response.error(), client->on_driver_thread()});
    });
    const auto [error, on_driver] = future.get();
    EXPECT_EQ(error.code, Errc::invalid_argument) << request.url;
    EXPECT_EQ(error.message.find("hunter2"), std::string::npos);
    EXPECT_TRUE(on_driver);
  }
  EXPECT_FALSE(AsyncHttpClient::make({.max_connections = 0}));
}

TEST(AsyncHttpClient, GivesUpOnASilentServer) {
  RawHttpServer server([](const RawRequest& request, RawConnection& connection) {
    if (request.target == "/midway") {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbeginning");
    }
    connection.wait_until_closed();
  });
  const auto client = make_client();
  for (const char* path : {"/", "/midway"}) {
    HttpRequest request = post_to(server.url(path));
    request.total_timeout = milliseconds(50);
    EXPECT_EQ(send(*client, request).response.error().code, Errc::timeout) << path;
  }
  HttpRequest request = post_to(server.url());
  request.stall_timeout = milliseconds(1);
  EXPECT_EQ(send(*client, request).response.error().code, Errc::timeout);
}

TEST(AsyncHttpClient, KeepsTheBeginningOfAnAnswerAndDropsTheRest) {
  RawHttpServer server([](const RawRequest& request, RawConnection& connection) {
    connection.reply(request.target == "/error" ? 500 : 200, std::string(10'000, 'x'));
  });
  const auto client = make_client();
  for (const char* path : {"/", "/error", "/", "/"}) {
    HttpRequest request = post_to(server.url(path));
    request.keep_body_bytes = 1024;
    const auto [response, timing] = send(*client, request);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, std::string(1024, 'x'));
    EXPECT_EQ(server.requests().back().connection, 1) << "the rest was read, not cut";
  }
}

TEST(AsyncHttpClient, CutsAnAnswerWithoutEndOnceItKnowsEnough) {
  RawHttpServer server([](const RawRequest& request, RawConnection& connection) {
    connection.send("HTTP/1.1 200 OK\r\n\r\n" + std::string(2000, 'x'));
    if (request.target == "/silent") return connection.wait_until_closed();
    if (request.target == "/reset") return connection.close();
    while (connection.send(std::string(10'000, 'x'))) {
    }
  });
  const auto client = make_client();
  for (const char* path : {"/endless", "/silent", "/reset"}) {
    for (const std::size_t keep : {std::size_t{0}, std::size_t{1024}}) {
      HttpRequest request = post_to(server.url(path));
      request.keep_body_bytes = keep;
      request.max_body_bytes = 64U << 10;
      if (request.url.ends_with("/silent")) request.total_timeout = milliseconds(500);
      const auto [response, timing] = send(*client, request);
      ASSERT_TRUE(response) << path << ": " << response.error().message;
      EXPECT_EQ(response->status, 200);
      EXPECT_EQ(response->body, std::string(keep, 'x'));
    }
  }
}

TEST(AsyncHttpClient, StopsABodyOverTheLimitAndHeadersWithoutEnd) {
  RawHttpServer server([](const RawRequest& request, RawConnection& connection) {
    if (request.target == "/body") {
      connection.reply(200, std::string(1001, 'x'));
      return;
    }
    connection.send("HTTP/1.1 200 OK\r\n");
    while (connection.send("X: " + std::string(1000, 'y') + "\r\n")) {
    }
  });
  const auto client = make_client();
  for (const char* path : {"/body", "/headers"}) {
    HttpRequest request = post_to(server.url(path));
    request.max_body_bytes = 1000;
    const Error error = send(*client, request).response.error();
    EXPECT_EQ(error.code, Errc::limit_exceeded) << error.message;
    EXPECT_TRUE(error.message.starts_with("POST 127.0.0.1:")) << error.message;
  }
}

TEST(AsyncHttpClient, CancelCallsEveryCallbackOnce) {
  RawHttpServer server(
      [](const RawRequest&, RawConnection& connection) { connection.wait_until_closed(); });
  const auto client = make_client({.max_connections = 5});
  Futures futures;
  for (int i = 0; i < 15; ++i) futures.push_back(start(*client, post_to(server.url())));
  server.wait_for_requests(5);
  drain(*client);
  EXPECT_EQ(client->depths().running, 5U);
  EXPECT_EQ(client->depths().waiting, 10U);
  client->cancel_all();
  for (auto& future : futures) {
    EXPECT_EQ(future.get().response.error().code, Errc::cancelled);
  }
  EXPECT_EQ(send(*client, post_to(server.url())).response.error().code, Errc::cancelled);
  EXPECT_EQ(server.requests().size(), 5U);
  drain(*client);
  EXPECT_EQ(client->depths().running + client->depths().waiting, 0U);
}

TEST(AsyncHttpClient, ItsEndCancelsEverythingAndRunsWhatWasPosted) {
  RawHttpServer server(
      [](const RawRequest&, RawConnection& connection) { connection.wait_until_closed(); });
  auto client = make_client({.max_connections = 3});
  std::atomic<int> cancelled = 0;
  bool posted = false;
  AsyncHttpClient* const raw = client.get();  // `client` is empty while its client ends
  for (int i = 0; i < 9; ++i) {
    raw->start(post_to(server.url()), [&, raw](Result<HttpResponse> response, const HttpTiming&) {
      if (response.error().code == Errc::cancelled) ++cancelled;
      raw->post([&] { posted = true; });
    });
  }
  client->run_after(std::chrono::hours(1), [] { FAIL() << "a timer ran an hour early"; });
  server.wait_for_requests(3);
  client.reset();
  EXPECT_EQ(cancelled, 9);
  EXPECT_TRUE(posted);
}

TEST(AsyncHttpClient, TakesRequestsFromManyThreadsAndFromCallbacks) {
  RawHttpServer server([](const RawRequest& request, RawConnection& connection) {
    connection.reply(200, request.target);
  });
  const auto client = make_client({.max_per_host = 8});
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int round = 0; round < 25; ++round) {
        const std::string path = "/" + std::to_string(thread) + "/" + std::to_string(round);
        const auto chained = std::make_shared<std::promise<std::string>>();
        auto future = chained->get_future();
        client->start(post_to(server.url("/first")), [&, chained](auto, const HttpTiming&) {
          client->start(post_to(server.url(path)), [chained](auto response, const HttpTiming&) {
            chained->set_value(response ? response->body : response.error().message);
          });
        });
        EXPECT_EQ(future.get(), path);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(server.requests().size(), 200U);
}

TEST(AsyncHttpClient, RefusesMoreThanMayWait) {
  RawHttpServer server(
      [](const RawRequest&, RawConnection& connection) { connection.wait_until_closed(); });
  const auto client = make_client({.max_connections = 1, .max_waiting = 2});
  Futures futures;
  for (int i = 0; i < 3; ++i) futures.push_back(start(*client, post_to(server.url())));
  EXPECT_EQ(send(*client, post_to(server.url())).response.error().code, Errc::overloaded);
  client->cancel_all();
  for (auto& future : futures) EXPECT_EQ(future.get().response.error().code, Errc::cancelled);
}

TEST(AsyncHttpClient, RunsPostedFunctionsInTheirOrder) {
  const auto client = make_client();
  std::vector<int> order;  // the driver's alone until it is done
  for (int i = 0; i < 100; ++i) client->post([&, i] { order.push_back(i); });
  drain(*client);
  ASSERT_EQ(order.size(), 100U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(AsyncHttpClient, RunsTimersInTheOrderOfTheirTimesAndNeverEarly) {
  const auto client = make_client();
  std::vector<std::string> order;
  const auto done = std::make_shared<std::promise<void>>();
  auto future = done->get_future();
  // Set on the driver, so that none can be due before all are known.
  client->post([&, done] {
    const auto begun = std::chrono::steady_clock::now();
    client->run_at(begun + milliseconds(20), [&, begun, done] {
      EXPECT_GE(std::chrono::steady_clock::now(), begun + milliseconds(20));
      order.push_back("late");
      done->set_value();
    });
    client->run_at(begun + milliseconds(10), [&] { order.push_back("early"); });
    client->run_at(begun, [&] { order.push_back("at once"); });
  });
  future.wait();
  EXPECT_EQ(order, (std::vector<std::string>{"at once", "early", "late"}));
}

}  // namespace
}  // namespace tidemark
