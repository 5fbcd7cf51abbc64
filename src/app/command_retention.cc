// audit retention, audit erase.
#include "app/audit_commands.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"

namespace tidemark::app {
namespace {

std::string payloads_text(const Json& counts) {
  return text_at(counts, "inputs") + " inputs and " + text_at(counts, "events") + " events";
}

int show_done(const Json& answer, bool json, const std::string& done) {
  if (json) {
    Output::line(dump_json(answer));
  } else if (answer.value("done", false)) {
    Output::line(done);
  } else {
    say("it has been decided in record " + text_at(answer, "record") +
        " and goes on; `tidemark audit retention` shows whether it runs");
  }
  return kDone;
}

void show_retention(const Json& what) {
  show_fields(what["policy"]);
  const Json& dropped = what["dropped"];
  if (dropped.is_object()) {
    Output::line("records 1 to " + text_at(dropped, "through") + " were dropped at " +
                 exact_time(text_at(dropped, "at")) + " (record " + text_at(dropped, "record") +
                 "), behind the checkpoint of " + text_at(dropped, "checkpoint") + " records");
  }
  if (what.value("running", false)) Output::line("it is running");
  TextTable table({{"OLD ENOUGH"}, {"TENANT"}, {"AFTER", true}, {"THROUGH", true}});
  for (const auto& cut : what["next"]["cuts"]) {
    table.add({text_at(cut, "kind"), text_at(cut, "tenant"), text_at(cut, "after"),
               text_at(cut, "through")});
  }
  if (!table.empty()) Output::write(table.text(Output::width()));
  for (const auto& tenant : what["next"]["overtaken"]) {
    say("endpoints of " + tenant.get<std::string>() + " would lose events they were not sent yet");
  }
  TextTable erasures(
      {{"RECORD", true}, {"TENANT"}, {"INSTANCE", false, true}, {"CORRELATION"}, {"WHY"}});
  for (const auto& erasure : what["erasures"]) {
    erasures.add({text_at(erasure, "record"), text_at(erasure, "tenant"),
                  text_at(erasure, "instance"), text_at(erasure, "correlation"),
                  text_at(erasure, "why")});
  }
  if (!erasures.empty()) Output::write("\n" + erasures.text(Output::width()));
}

}  // namespace

int run_audit_retention(const Config& config, const RetentionArguments& options) {
  const auto purpose = options.run ? Runtime::Purpose::write : Runtime::Purpose::read;
  return with_backend(config, purpose, [&](Backend& backend) {
    if (options.run) {
      const auto answer = backend.call_json({"POST", "/v1/audit/retention", {}, {}, "{}"});
      if (!answer) return failed(answer.error());
      return show_done(
          *answer, options.json,
          "dropped " + text_at(*answer, "records") + " records, " + payloads_text(*answer));
    }
    const auto what = backend.call_json({"GET", "/v1/audit/retention"});
    if (!what) return failed(what.error());
    options.json ? static_cast<void>(Output::line(dump_json(*what))) : show_retention(*what);
    return static_cast<int>(kDone);
  });
}

int run_audit_erase(const Config& config, const EraseArguments& options) {
  if (options.tenant.empty() && options.instance.empty() && options.correlation.empty()) {
    say("audit erase: name a --tenant, an --instance or a --correlation");
    return kBadUsage;
  }
  if (options.why.empty() && !options.dry_run) {
    say("audit erase: say --why; the reason stays in the journal (--dry-run needs none)");
    return kBadUsage;
  }
  Json body = {{"tenant", options.tenant},
               {"instance", options.instance},
               {"correlation", options.correlation},
               {"why", options.why}};
  if (options.dry_run) body["dry_run"] = "true";
  const auto purpose = options.dry_run ? Runtime::Purpose::read : Runtime::Purpose::write;
  return with_backend(config, purpose, [&](Backend& backend) {
    const auto answer = backend.call_json({"POST", "/v1/audit/erasures", {}, {}, dump_json(body)});
    if (!answer) return failed(answer.error());
    if (!options.dry_run)
      return show_done(*answer, options.json, "erased " + payloads_text(*answer));
    const std::string least = answer->value("more", false) ? "at least " : "";
    Output::line(options.json ? dump_json(*answer)
                              : "would erase " + least + payloads_text(*answer));
    return static_cast<int>(kDone);
  });
}

}  // namespace tidemark::app
