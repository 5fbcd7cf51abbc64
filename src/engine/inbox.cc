#include "engine/inbox.h"

#include <algorithm>
#include <deque>

#include "engine/waiter.h"

namespace tidemark::engine {

void Work::answer(Result<Receipt> answer) {
  if (done) done(std::move(answer));
  if (waiter) waiter->answer(std::move(answer));
}

std::size_t Work::bytes() const {
  std::size_t bytes = input.payload.size() + input.instance.value.size() + 256;
  for (const auto& secret : input.secrets) bytes += secret.name.size() + secret.sealed.size();
  return bytes;
}

// A list linked through Work, so that an instance with one input waiting costs no allocation of its
// own beyond the lane.
struct Inbox::Lane {
  std::unique_ptr<Work> head;
  Work* tail = nullptr;

  ~Lane() {
    // Unlinked one by one: a long chain of unique_ptr would be destroyed recursively.
    while (head) head = std::move(head->next);
  }

  void push_back(std::unique_ptr<Work> work) {
    Work* const added = work.get();
    (tail ? tail->next : head) = std::move(work);
    tail = added;
  }
  void push_front(std::unique_ptr<Work> work) {
    if (!tail) tail = work.get();
    work->next = std::move(head);
    head = std::move(work);
  }
  std::unique_ptr<Work> pop() {
    auto work = std::move(head);
    head = std::move(work->next);
    if (!head) tail = nullptr;
    return work;
  }
};

struct Inbox::Tenant {
  std::string name;
  std::size_t count = 0;
  std::unordered_map<std::string, Lane> lanes;
  std::deque<const std::string*> turns;  // keys of lanes, in order of their turn
  Tenant* next = nullptr;
};

Inbox::Inbox(InboxLimits limits) : limits_(limits) {}
Inbox::~Inbox() = default;

Inbox::Tenant& Inbox::tenant_of(std::string_view name) {
  auto [found, added] = tenants_.try_emplace(std::string(name));
  if (added) {
    found->second = std::make_unique<Tenant>();
    found->second->name = name;
  }
  return *found->second;
}

Result<void> Inbox::admit(std::unique_ptr<Work>& work) {
  const auto within = [&](std::size_t count, std::size_t bytes) {
    return count_ < count && (count_ == 0 || bytes_ + work->bytes() <= bytes);
  };
  if (!within(limits_.count, limits_.bytes)) {
    const auto found = tenants_.find(std::string(work->input.instance.tenant()));
    const std::size_t waiting = found == tenants_.end() ? 0 : found->second->count;
    // Alone in the inbox, a tenant gets all of it and no more.
    const bool modest = count_ > waiting && waiting < std::max<std::size_t>(1, limits_.count / 64);
    const auto reserve = std::max<std::size_t>(1, limits_.count / 8);
    if (!modest || !within(limits_.count + reserve, limits_.bytes + limits_.bytes / 8)) {
      return fail(Errc::overloaded, "the engine's inbox is full (" + std::to_string(count_) +
                                        " inputs wait): try again in a moment");
    }
  }
  push(std::move(work));
  return {};
}

void Inbox::push(std::unique_ptr<Work> work) {
  insert(std::move(work), false);
}

void Inbox::put_back(std::vector<std::unique_ptr<Work>> works) {
  for (auto work = works.rbegin(); work != works.rend(); ++work) insert(std::move(*work), true);
}

void Inbox::insert(std::unique_ptr<Work> work, bool at_front) {
  Tenant& tenant = tenant_of(work->input.instance.tenant());
  ++count_;
  bytes_ += work->bytes();
  if (tenant.count++ == 0) {
    tenant.next = nullptr;
    (last_ ? last_->next : first_) = &tenant;
    last_ = &tenant;
  }
  auto [lane, added] = tenant.lanes.try_emplace(work->input.instance.value);
  if (added) tenant.turns.push_back(&lane->first);
  at_front ? lane->second.push_front(std::move(work)) : lane->second.push_back(std::move(work));
}

std::unique_ptr<Work> Inbox::take_one() {
  Tenant& tenant = *first_;
  first_ = tenant.next;
  if (!first_) last_ = nullptr;

  const std::string* const turn = tenant.turns.front();
  tenant.turns.pop_front();
  const auto lane = tenant.lanes.find(*turn);
  auto work = lane->second.pop();
  if (lane->second.head) {
    tenant.turns.push_back(turn);
  } else {
    tenant.lanes.erase(lane);
  }
  --count_;
  bytes_ -= work->bytes();
  if (--tenant.count > 0) {
    tenant.next = nullptr;
    (last_ ? last_->next : first_) = &tenant;
    last_ = &tenant;
  } else {
    tenants_.erase(tenant.name);
  }
  return work;
}

std::vector<std::unique_ptr<Work>> Inbox::take(std::size_t max_count, std::size_t max_bytes) {
  std::vector<std::unique_ptr<Work>> taken;
  taken.reserve(std::min(max_count, count_));
  std::size_t bytes = 0;
  while (count_ > 0 && taken.size() < max_count) {
    auto work = take_one();
    bytes += work->bytes();
    taken.push_back(std::move(work));
    if (bytes >= max_bytes) break;
  }
  return taken;
}

std::vector<std::unique_ptr<Work>> Inbox::take_refusable(const InstanceId& instance) {
  std::vector<std::unique_ptr<Work>> taken;
  const auto tenant = tenants_.find(std::string(instance.tenant()));
  if (tenant == tenants_.end()) return taken;
  const auto lane = tenant->second->lanes.find(instance.value);
  if (lane == tenant->second->lanes.end()) return taken;
  Lane left;
  bool behind = false;
  while (lane->second.head) {
    auto work = lane->second.pop();
    behind |= work->retried();
    if (!behind || work->retried()) {
      left.push_back(std::move(work));
      continue;
    }
    --count_;
    --tenant->second->count;
    bytes_ -= work->bytes();
    taken.push_back(std::move(work));
  }
  std::swap(lane->second.head, left.head);  // not empty: what they waited behind stays
  std::swap(lane->second.tail, left.tail);
  return taken;
}

}  // namespace tidemark::engine
