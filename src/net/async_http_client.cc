#include "net/async_http_client.h"

#include <curl/curl.h>
#include <sys/epoll.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "net/async_transfer.h"
#include "net/event_loop.h"
#include "net/http_syntax.h"
#include "net/request_queue.h"

namespace tidemark {
namespace {

using net::AsyncTransfer;
using net::QueuedRequest;
using Steady = std::chrono::steady_clock;

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

HttpTiming waited_since(Steady::time_point asked) {
  const auto waited = std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - asked);
  return {.waited = waited, .total = waited};
}

}  // namespace

class AsyncHttpClient::Impl final : private net::EventLoop::Handler {
 public:
  explicit Impl(AsyncHttpOptions options);
  ~Impl() override;

  Result<void> open();
  void start(HttpRequest request, Done done);
  void cancel_all();
  net::EventLoop& loop() { return loop_; }
  Depths depths() const;

 private:
  Result<void> check(QueuedRequest& queued) const;
  void refuse(QueuedRequest queued, const Error& error);
  void answer(const Done& done, Result<HttpResponse> result, const HttpTiming& timing);
  void admit(QueuedRequest queued);

  void on_socket(int socket, std::uint32_t events) override;
  std::optional<Steady::time_point> turn() override;
  void begin_waiting();
  void begin(QueuedRequest queued);
  std::unique_ptr<AsyncTransfer> take_idle(const std::string& ca_file);
  void collect();
  void finish(AsyncTransfer& transfer, Result<HttpResponse> result);
  void cancel_now();

  static int on_watch(CURL* easy, curl_socket_t socket, int what, void* self, void* unused);
  static int on_timer(CURLM* multi, long milliseconds, void* self);

  const AsyncHttpOptions options_;
  std::atomic<std::size_t> outstanding_{0};  // started, callback not yet called
  std::atomic<std::size_t> running_count_{0};
  std::atomic<bool> cancelled_{false};

  // From here on the loop's thread only. The order matters: closing connections needs the loop.
  net::EventLoop loop_{*this};
  std::unique_ptr<curl_slist, ListDeleter> resolve_;
  std::optional<AsyncTransfer::Shared> shared_;
  std::unique_ptr<CURLM, MultiDeleter> multi_;
  net::RequestQueue queue_;
  std::vector<std::unique_ptr<AsyncTransfer>> running_;  // each knows its slot
  std::vector<std::unique_ptr<AsyncTransfer>> idle_;
  std::optional<Steady::time_point> curl_due_;
};

AsyncHttpClient::Impl::Impl(AsyncHttpOptions options)
    : options_(std::move(options)), queue_(options_.max_connections, options_.max_per_host) {}

AsyncHttpClient::Impl::~Impl() {
  cancel_all();
  loop_.stop();
}

Result<void> AsyncHttpClient::Impl::open() {
  net::set_up_curl();
  if (options_.max_connections == 0 || options_.max_per_host == 0) {
    return fail(Errc::invalid_argument, "an HTTP client needs at least one connection");
  }
  for (const std::string& entry : options_.resolve) {
    curl_slist* grown = curl_slist_append(resolve_.get(), entry.c_str());
    if (grown == nullptr) return fail(Errc::overloaded, "out of memory for an HTTP client");
    resolve_.release();
    resolve_.reset(grown);
  }
  shared_.emplace(AsyncTransfer::Shared{loop_, options_.guard, resolve_.get()});
  multi_.reset(curl_multi_init());
  if (!multi_) return fail(Errc::overloaded, "out of memory for an HTTP client");
  CURLM* multi = multi_.get();
  const long connections =
      static_cast<long>(std::min<std::size_t>(options_.max_connections, 65'536));
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &Impl::on_watch);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &Impl::on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, connections);
  return loop_.start();
}

AsyncHttpClient::Depths AsyncHttpClient::Impl::depths() const {
  const std::size_t running = running_count_.load();
  const std::size_t outstanding = outstanding_.load();
  return {.running = running, .waiting = outstanding - std::min(outstanding, running)};
}

Result<void> AsyncHttpClient::Impl::check(QueuedRequest& queued) const {
  const HttpRequest& request = queued.request;
  TM_TRY(net::check_request(request));
  if (request.credentials || !request.unix_socket.empty()) {
    return fail(Errc::invalid_argument,
                "this HTTP client takes neither credentials nor a Unix socket: give an "
                "Authorization header and a URL");
  }
  TM_ASSIGN(queued.url, parse_url(request.url));
  if (options_.guard != nullptr) TM_TRY(options_.guard->check_host(queued.url.host));
  return {};
}

void AsyncHttpClient::Impl::start(HttpRequest request, Done done) {
  QueuedRequest queued{
      .request = std::move(request), .url = {}, .done = std::move(done), .asked = Steady::now()};
  const std::size_t before = outstanding_.fetch_add(1);
  if (cancelled_.load()) {
    return refuse(std::move(queued), {Errc::cancelled, "cancelled: shutting down", std::nullopt});
  }
  if (before >= options_.max_connections + options_.max_waiting) {
    return refuse(std::move(queued), {Errc::overloaded,
                                      "more than " + std::to_string(options_.max_waiting) +
                                          " requests wait to be sent",
                                      std::nullopt});
  }
  if (const auto checked = check(queued); !checked) {
    return refuse(std::move(queued), checked.error());
  }
  if (loop_.in_loop()) return queue_.push(std::move(queued));
  // std::function copies, and requests are big.
  auto shared = std::make_shared<QueuedRequest>(std::move(queued));
  loop_.post([this, shared] { admit(std::move(*shared)); });
}

void AsyncHttpClient::Impl::refuse(QueuedRequest queued, const Error& error) {
  loop_.post([this, error, done = std::move(queued.done), asked = queued.asked] {
    answer(done, fail(error), waited_since(asked));
  });
}

void AsyncHttpClient::Impl::answer(const Done& done, Result<HttpResponse> result,
                                   const HttpTiming& timing) {
  outstanding_.fetch_sub(1);
  done(std::move(result), timing);
}

void AsyncHttpClient::Impl::admit(QueuedRequest queued) {
  queue_.push(std::move(queued));
  if (cancelled_.load()) cancel_now();
}

void AsyncHttpClient::Impl::cancel_all() {
  cancelled_.store(true);
  loop_.post([this] { cancel_now(); });
}

void AsyncHttpClient::Impl::cancel_now() {
  while (!running_.empty()) {
    AsyncTransfer& transfer = *running_.back();
    curl_multi_remove_handle(multi_.get(), transfer.easy());
    finish(transfer, fail(transfer.cancelled()));
  }
  for (const QueuedRequest& queued : queue_.take_all()) {
    const std::string where = queued.request.method + " " + queued.url.for_messages();
    answer(queued.done, fail(Errc::cancelled, where + ": cancelled: shutting down"),
           waited_since(queued.asked));
  }
}

void AsyncHttpClient::Impl::on_socket(int socket, std::uint32_t events) {
  const int ready = ((events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                    ((events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0);
  int running = 0;
  curl_multi_socket_action(multi_.get(), socket, ready, &running);
}

std::optional<Steady::time_point> AsyncHttpClient::Impl::turn() {
  collect();
  begin_waiting();
  if (curl_due_ && *curl_due_ <= Steady::now()) {
    curl_due_.reset();
    int running = 0;
    curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
    collect();
    begin_waiting();
  }
  return curl_due_;
}

void AsyncHttpClient::Impl::begin_waiting() {
  while (auto queued = queue_.take()) begin(std::move(*queued));
  running_count_.store(queue_.running(), std::memory_order_relaxed);
}

std::unique_ptr<AsyncTransfer> AsyncHttpClient::Impl::take_idle(const std::string& ca_file) {
  const auto found = std::find_if(idle_.rbegin(), idle_.rend(), [&](const auto& transfer) {
    return transfer->ca_file() == ca_file;
  });
  if (found == idle_.rend()) return std::make_unique<AsyncTransfer>(*shared_, ca_file);
  auto transfer = std::move(*found);
  idle_.erase(std::next(found).base());
  return transfer;
}

void AsyncHttpClient::Impl::begin(QueuedRequest queued) {
  const std::string& own = queued.request.tls.ca_file;
  auto owned = take_idle(own.empty() ? options_.tls.ca_file : own);
  AsyncTransfer& transfer = *owned;
  transfer.slot = running_.size();
  running_.push_back(std::move(owned));
  if (auto prepared = transfer.prepare(std::move(queued)); !prepared) {
    return finish(transfer, fail(std::move(prepared).error()));
  }
  if (curl_multi_add_handle(multi_.get(), transfer.easy()) != CURLM_OK) {
    finish(transfer, fail(Errc::internal, "libcurl cannot start the transfer"));
  }
}

void AsyncHttpClient::Impl::collect() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    AsyncTransfer& transfer = AsyncTransfer::of(message->easy_handle);
    const CURLcode code = message->data.result;  // gone once the handle is removed
    curl_multi_remove_handle(multi_.get(), transfer.easy());
    finish(transfer, transfer.result(code));
  }
}

void AsyncHttpClient::Impl::finish(AsyncTransfer& transfer, Result<HttpResponse> result) {
  const HttpTiming timing = transfer.timing();
  const bool usable = transfer.usable();
  const QueuedRequest queued = transfer.release();
  running_.back()->slot = transfer.slot;
  std::swap(running_[transfer.slot], running_.back());
  if (usable) idle_.push_back(std::move(running_.back()));
  running_.pop_back();
  if (idle_.size() > options_.max_connections) idle_.erase(idle_.begin());
  queue_.finished(queued.url.host);
  answer(queued.done, std::move(result), timing);
}

int AsyncHttpClient::Impl::on_watch(CURL*, curl_socket_t socket, int what, void* self, void*) {
  const std::uint32_t events = what == CURL_POLL_IN      ? EPOLLIN
                               : what == CURL_POLL_OUT   ? EPOLLOUT
                               : what == CURL_POLL_INOUT ? EPOLLIN | EPOLLOUT
                                                         : 0U;
  static_cast<Impl*>(self)->loop_.watch(socket, events);
  return 0;
}

int AsyncHttpClient::Impl::on_timer(CURLM*, long milliseconds, void* self) {
  auto& due = static_cast<Impl*>(self)->curl_due_;
  due.reset();
  if (milliseconds >= 0) due = Steady::now() + std::chrono::milliseconds(milliseconds);
  return 0;
}

AsyncHttpClient::AsyncHttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

AsyncHttpClient::~AsyncHttpClient() = default;

Result<std::unique_ptr<AsyncHttpClient>> AsyncHttpClient::make(AsyncHttpOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  TM_TRY(impl->open());
  return std::unique_ptr<AsyncHttpClient>(new AsyncHttpClient(std::move(impl)));
}

void AsyncHttpClient::start(HttpRequest request, Done done) {
  impl_->start(std::move(request), std::move(done));
}

void AsyncHttpClient::cancel_all() {
  impl_->cancel_all();
}

void AsyncHttpClient::post(Function function) {
  impl_->loop().post(std::move(function));
}

void AsyncHttpClient::run_at(Steady::time_point when, Function function) {
  impl_->loop().run_at(when, std::move(function));
}

void AsyncHttpClient::run_after(Steady::duration delay, Function function) {
  run_at(Steady::now() + delay, std::move(function));
}

bool AsyncHttpClient::on_driver_thread() const {
  return impl_->loop().in_loop();
}

AsyncHttpClient::Depths AsyncHttpClient::depths() const {
  return impl_->depths();
}

}  // namespace tidemark
