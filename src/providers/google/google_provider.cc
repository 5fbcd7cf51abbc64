#include "providers/google/google_provider.h"

#include <chrono>
#include <utility>

#include "providers/google/access_tokens.h"
#include "providers/google/addresses.h"
#include "providers/google/api_client.h"
#include "providers/google/calendar_list.h"
#include "providers/google/event_channels.h"
#include "providers/google/event_writer.h"
#include "providers/google/events_pull.h"

namespace tidemark::google {
namespace {

WallTime system_now() {
  return std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
}

std::string project_of(const OAuthSettings& oauth) {
  return oauth.service_account ? oauth.service_account->email : oauth.client_id;
}

QuotaGates& process_gates() {
  static QuotaGates gates;
  return gates;
}

class GoogleProvider final : public CalendarProvider {
 public:
  GoogleProvider(const AccountSettings& settings, HttpClient& http, const ProviderOptions& options)
      : api_(http, settings, api_root(settings),
             std::make_shared<AccessTokens>(http, settings, token_url(settings), options.now,
                                            options.make_lock()),
             options.projects->of_project(project_of(*settings.oauth)), options.now),
        channels_(api_),
        now_(options.now) {}

  Result<Discovery> discover(const std::string& hint) override {
    return list_calendars(api_, hint, now_());
  }

  Result<PullResult> pull(const PullRequest& request, const KnownResources& known,
                          const ItemSink& sink) override {
    return pull_events(api_, request, known, sink);
  }

  CalendarWriter* writer() override { return &writer_; }
  CalendarWatcher* watcher() override { return &channels_; }

 private:
  const ApiClient api_;
  EventWriter writer_{api_};
  EventChannels channels_;
  const std::function<WallTime()> now_;
};

}  // namespace

std::unique_ptr<CalendarProvider> make_provider(const AccountSettings& settings, HttpClient& http,
                                                ProviderOptions options) {
  // Without any, Google says what it thinks of an empty one.
  AccountSettings complete = settings;
  if (!complete.oauth) complete.oauth.emplace();
  if (!options.now) options.now = system_now;
  if (options.projects == nullptr) options.projects = &process_gates();
  if (!options.make_lock) options.make_lock = [] { return std::make_unique<MutexLock>(); };
  return std::make_unique<GoogleProvider>(complete, http, options);
}

}  // namespace tidemark::google
