// account connect: a link, then waiting for what comes of it.
#include <poll.h>
#include <unistd.h>

#include "app/account_commands.h"
#include "app/commands.h"
#include "app/consent_listener.h"
#include "app/delivery_commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "app/progress_line.h"
#include "base/text.h"

namespace tidemark::app {
namespace {

constexpr std::chrono::milliseconds kLook{200};  // how often it is looked for an answer
constexpr int kLooksPerQuestion = 5;             // to the service, when the answer goes there
constexpr std::size_t kMaxLineBytes = 16U << 10;

// Lines that somebody types or pastes, without waiting for them.
class PastedLines {
 public:
  // A line that is complete, or nothing after kLook.
  std::optional<std::string> next() {
    if (const auto line = take_line()) return line;
    pollfd in{STDIN_FILENO, POLLIN, 0};
    const int ready = poll(&in, open_ ? 1 : 0, static_cast<int>(kLook.count()));
    if (ready <= 0) return std::nullopt;
    char bytes[4096];
    const auto count = read(STDIN_FILENO, bytes, sizeof bytes);
    if (count <= 0) {
      open_ = false;
      return std::exchange(text_, {});
    }
    text_.append(bytes, static_cast<std::size_t>(count));
    if (text_.size() > kMaxLineBytes) text_.clear();
    return take_line();
  }

 private:
  std::optional<std::string> take_line() {
    const auto end = text_.find('\n');
    if (end == std::string::npos) return std::nullopt;
    std::string line = text_.substr(0, end);
    text_.erase(0, end + 1);
    return line;
  }

  std::string text_;
  bool open_ = true;
};

class Connecting {
 public:
  Connecting(Backend& backend, const AccountConnectOptions& options)
      : backend_(backend), options_(options) {}

  int run() {
    if (options_.redirect_uri.empty()) {
      auto listener = ConsentListener::start();
      if (!listener) return failed(to_failure(listener.error()));
      listener_ = std::move(*listener);
    }
    const auto before = backend_.call_json(request("GET", path(), {}));
    if (!before) return failed(before.error());
    connected_before_ = connected_at(*before);
    const auto consent = ask();
    if (!consent) return failed(consent.error());
    link_ = text_at(*consent, "link");
    say("open this link in a browser and allow access; it is good until " +
        short_time(text_at(*consent, "expires_at")) + ":");
    Output::line(options_.account.json ? dump_json(*consent) : link_);
    Output::flush();
    if (listener_) {
      say("if the browser is on another machine, it ends on a page that does not load: paste that "
          "page's address here");
    }
    return wait();
  }

 private:
  ApiRequest request(std::string method, std::string path, const Json& body) const {
    ApiRequest made{std::move(method),
                    std::move(path),
                    {},
                    {},
                    body.is_null() ? std::string() : dump_json(body)};
    if (!options_.account.tenant.empty()) made.query["tenant"] = options_.account.tenant;
    return made;
  }
  static std::string connected_at(const Json& account) {
    return text_at(account.value("connection", Json::object()), "connected_at");
  }
  std::string path() const { return "/v1/accounts/" + options_.account.id; }

  ApiResult<Json> ask() {
    const std::string uri = listener_ ? listener_->redirect_uri() : options_.redirect_uri;
    return backend_.call_json(request("POST", path() + "/connect", {{"redirect_uri", uri}}));
  }

  int wait() {
    ProgressLine progress;
    PastedLines lines;
    for (int looks = 1; !interrupted(); ++looks) {
      progress.update("waiting for consent");
      if (const auto line = lines.next()) {
        const auto answer = pasted_answer(*line, link_);
        if (answer) return finish(*answer);
        if (!trim(*line).empty()) say("that is neither such an address nor a code");
      }
      if (listener_) {
        if (const auto answer = listener_->take()) return finish(*answer);
      }
      if (looks % kLooksPerQuestion != 0) continue;
      const auto account = backend_.call_json(request("GET", path(), {}));
      if (!account) return failed(account.error());
      const std::string state = text_at(account->value("connection", Json::object()), "state");
      if (state != "pending") return tell(*account);
    }
    say("interrupted; the link stays good until then");
    return kFailed;
  }

  int finish(const ConsentAnswer& answer) {
    Json body{{"state", answer.state}};
    if (answer.error.empty()) {
      body["code"] = answer.code;
    } else {
      body["error"] = answer.error;
    }
    const auto account = backend_.call_json(request("POST", "/v1/consents", body));
    if (!account) return failed(account.error());
    return tell(*account);
  }

  int tell(const Json& account) {
    const Json connection = account.value("connection", Json::object());
    const std::string state = text_at(connection, "state");
    // When nobody answers, an earlier consent is what shows again.
    if (state == "connected" && connected_at(account) != connected_before_) {
      say("account " + text_at(account, "id") + " is connected" +
          (backend_.remote() ? "; its calendars are being read"
                             : "; the next `tidemark serve` or `tidemark sync` reads its "
                               "calendars"));
      return kDone;
    }
    const std::string error = text_at(connection, "error");
    say(error.empty() ? "nobody gave consent in time; connect again" : error);
    return kUpstreamFailed;
  }

  Backend& backend_;
  const AccountConnectOptions& options_;
  std::unique_ptr<ConsentListener> listener_;
  std::string link_;
  std::string connected_before_;
};

}  // namespace

int run_account_connect(const Config& config, const AccountConnectOptions& options) {
  if (!is_path_part("an account's id", options.account.id)) return kBadUsage;
  catch_interrupts();
  return with_backend(config, Runtime::Purpose::write, [&](Backend& backend) {
    if (!has_master_key(backend, config)) return static_cast<int>(kFailed);
    return Connecting(backend, options).run();
  });
}

}  // namespace tidemark::app
