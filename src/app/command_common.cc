#include <csignal>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"

namespace tidemark::app {
namespace {

// Only a signal handler may reach it, and that can have no argument.
volatile std::sig_atomic_t interrupt_signal = 0;

extern "C" void on_interrupt(int signal) {
  interrupt_signal = signal;
  // The second one ends the process at once.
  std::signal(signal, SIG_DFL);
}

}  // namespace

bool interrupted() {
  return interrupt_signal != 0;
}

void catch_interrupts() {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
}

int failed(const ApiFailure& failure) {
  std::string message = failure.message;
  if (failure.code == name(Errc::locked)) {
    message += "\nIf `tidemark serve` has just started, try again in a moment.";
  }
  say(message);
  return failure.exit_code;
}

int with_backend(const Config& config, Runtime::Purpose purpose,
                 const std::function<int(Backend&)>& work) {
  auto backend = Backend::open(config, purpose);
  if (!backend) return failed(backend.error());
  const int code = work(**backend);
  // A reader that has gone (`| head`) had what it wanted.
  Output::flush();
  return code;
}

std::string text_at(const Json& object, const char* field) {
  const auto found = object.is_object() ? object.find(field) : object.end();
  if (!object.is_object() || found == object.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>() : dump_json(*found);
}

std::string short_time(const std::string& time) {
  if (time.size() < 16) return time.empty() ? "-" : time;
  return time.substr(0, 10) + " " + time.substr(11, 5) + "Z";
}

std::string exact_time(const std::string& time) {
  if (time.size() < 19) return time.empty() ? "-" : time;
  return time.substr(0, 10) + " " + time.substr(11, 8) + "Z";
}

void show_fields(const Json& object) {
  TextTable table({{"FIELD"}, {"VALUE"}});
  for (const auto& [key, value] : object.items()) {
    if (value.is_null() || (value.is_structured() && value.empty()) || value == "") continue;
    table.add({key, value.is_string() ? value.get<std::string>() : dump_json(value)});
  }
  Output::write(table.text(100'000));
}

void show_errors(const Json& rows) {
  for (const auto& row : rows) {
    const auto error = text_at(row, "error");
    if (error.empty()) continue;
    const std::string label =
        row.contains("account") ? "calendar " + text_at(row, "account") + "/" + text_at(row, "name")
                                : "account " + text_at(row, "id");
    say(error.starts_with(label) ? error : label + ": " + error);
  }
}

}  // namespace tidemark::app
