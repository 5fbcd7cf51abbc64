#include "support/dav_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <vector>

#include "net/curl_client.h"

namespace tidemark::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// A port that was free a moment ago; the servers cannot be given port 0.
std::uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  bind(fd, reinterpret_cast<sockaddr*>(&address), length);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  close(fd);
  return ntohs(address.sin_port);
}

bool accepts_connections(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool connected =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return connected;
}

// Waits for the child's end, at most this long; true when it has ended.
bool has_ended_within(pid_t pid, int timeout_ms) {
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return true;
  pollfd waiting{fd, POLLIN, 0};
  const bool ended = poll(&waiting, 1, timeout_ms) > 0;
  close(fd);
  return ended;
}

constexpr int kAttempts = 3;
constexpr int kReadyTries = 600;
constexpr int kTryMs = 50;

}  // namespace

DavProcess::DavProcess(Options options)
    : options_(options), http_(std::make_unique<CurlHttpClient>()) {
  for (int attempt = 0; attempt < kAttempts && !started_; ++attempt) {
    port_ = free_port();
    spawn();
    started_ = wait_until_ready();
  }
  EXPECT_TRUE(started_) << "the CalDAV server did not start; see " << (directory_ / "log");
}

DavProcess::~DavProcess() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void DavProcess::spawn() {
  std::vector<std::string> command;
  if (options_.kind == Kind::radicale) {
    command = {"radicale", "--config", write_radicale_configuration()};
  } else {
    std::filesystem::create_directories(directory_ / "data");
    command = {"xandikos",
               "-l",
               "127.0.0.1",
               "-p",
               std::to_string(port_),
               "-d",
               directory_ / "data",
               "--current-user-principal",
               "/alice/",
               "--defaults"};
  }
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const std::string log = directory_ / "log";
  pid_ = fork();
  if (pid_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int fd = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(fd, STDOUT_FILENO);
  dup2(fd, STDERR_FILENO);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

bool DavProcess::wait_until_ready() {
  for (int i = 0; i < kReadyTries; ++i) {
    if (accepts_connections(port_)) return true;
    if (has_ended_within(pid_, kTryMs)) break;
  }
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
  return false;
}

std::string DavProcess::write_radicale_configuration() const {
  std::ofstream(directory_ / "users") << "alice:secret\n";
  std::ofstream config(directory_ / "config");
  config << "[server]\nhosts = 127.0.0.1:" << port_
         << "\nmax_connections = 64\nmax_content_length = 100000000\n"
         << "[auth]\ntype = htpasswd\nhtpasswd_filename = " << (directory_ / "users")
         << "\nhtpasswd_encryption = plain\ndelay = 0\n[rights]\ntype = owner_only\n"
         << "[storage]\nfilesystem_folder = " << (directory_ / "collections") << "\n";
  if (options_.max_sync_token_age) {
    config << "max_sync_token_age = " << options_.max_sync_token_age->count() << "\n";
  }
  config << "[web]\ntype = none\n[logging]\nlevel = warning\n";
  return directory_ / "config";
}

std::string DavProcess::calendar_url(const std::string& name) const {
  const bool radicale = options_.kind == Kind::radicale;
  return origin() + (radicale ? "/alice/" : "/alice/calendars/") + name + "/";
}

std::optional<Credentials> DavProcess::credentials() const {
  if (options_.kind == Kind::xandikos) return std::nullopt;
  return Credentials{"alice", Secret("secret")};
}

HttpResponse DavProcess::send(HttpRequest request) {
  request.credentials = credentials();
  auto response = http_->send(request, [](std::string_view) -> Result<void> { return {}; });
  if (!response) {
    ADD_FAILURE() << request.method << " " << request.url << ": " << response.error().message;
    return {};
  }
  EXPECT_LT(response->status, 300) << request.method << " " << request.url;
  return std::move(*response);
}

void DavProcess::make_calendar(const std::string& name) {
  send({.method = "MKCALENDAR",
        .url = calendar_url(name),
        .headers = {{"Content-Type", "application/xml"}},
        .body = "<?xml version=\"1.0\"?><c:mkcalendar xmlns:d=\"DAV:\" "
                "xmlns:c=\"urn:ietf:params:xml:ns:caldav\"><d:set><d:prop><d:displayname>" +
                name + "</d:displayname></d:prop></d:set></c:mkcalendar>"});
}

void DavProcess::put(const std::string& url, const std::string& body) {
  send({.method = "PUT", .url = url, .headers = {{"Content-Type", "text/calendar"}}, .body = body});
}

void DavProcess::remove(const std::string& url) {
  send({.method = "DELETE", .url = url});
}

void DavProcess::move(const std::string& from_url, const std::string& to_url) {
  send({.method = "MOVE", .url = from_url, .headers = {{"Destination", to_url}}});
}

void DavProcess::age_sync_tokens(std::chrono::hours by) {
  namespace fs = std::filesystem;
  int aged = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory_ / "collections")) {
    if (entry.path().parent_path().filename() != "sync-token") continue;
    fs::last_write_time(entry.path(), entry.last_write_time() - by);
    ++aged;
  }
  EXPECT_GT(aged, 0) << "Radicale keeps its sync tokens elsewhere";
}

}  // namespace tidemark::test
