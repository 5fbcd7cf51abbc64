#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"

namespace tidemark::app {

namespace {

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

// A configuration with problems never comes here: they were told, and the exit code is 2.
int run_config_check(const Config& config) {
  const std::size_t endpoints = config.delivery.declared.size();
  Output::line(config.file + ": ok, " + counted(config.accounts.size(), "account") +
               (endpoints == 0 ? "" : ", " + counted(endpoints, "endpoint")) + ", data in " +
               config.data_dir);
  return kDone;
}

int run_config_show(const Config& config, const ListOptions& options) {
  if (options.json) {
    Json items = Json::array();
    for (const auto& value : config.shown) {
      items.push_back(
          {{"key", value.key}, {"value", value.value}, {"origin", value.origin.text()}});
    }
    Output::line(dump_json({{"items", items}, {"next_page", nullptr}}));
    return kDone;
  }
  TextTable table({{"KEY"}, {"VALUE", false, true}, {"FROM"}});
  for (const auto& value : config.shown) table.add({value.key, value.value, value.origin.text()});
  Output::write(table.text(Output::width()));
  return kDone;
}

}  // namespace tidemark::app
