#include <future>
#include <thread>

#include "vault/vault.h"
#include "vault_fixture.h"

namespace tidemark::test {
namespace {

constexpr int kTenants = 5;

class Rotation : public VaultTest {
 protected:
  static std::string tenant(int i) { return "tenant-" + std::to_string(i); }
  void keep_one_for_each_tenant() {
    for (int i = 0; i < kTenants; ++i) must_keep(tenant(i), "one", "secret " + std::to_string(i));
  }
  void expect_that_all_open() {
    for (int i = 0; i < kTenants; ++i) {
      EXPECT_EQ(opened(tenant(i), "one"), "secret " + std::to_string(i));
    }
  }
  int wrapped_by(const MasterKey& key) {
    int count = 0;
    const auto status = vault_->status();
    for (const auto& each : status->tenants) count += each.master_key == key.id();
    return count;
  }
  RotationReport rotate() {
    auto report = vault_->rotate_master_key();
    EXPECT_TRUE(report) << report.error().message;
    return report.value_or(RotationReport{});
  }
};

TEST_F(Rotation, MakesTheFormerMasterKeyDispensable) {
  keep_one_for_each_tenant();
  clock_.advance(std::chrono::hours(1));
  reopen_with({master_key('b'), master_key('a')});
  expect_that_all_open();
  const auto report = rotate();
  EXPECT_EQ(report.current, master_key('b').id());
  EXPECT_EQ(report.tenants, 5U);
  EXPECT_EQ(report.rewrapped, 5U);
  EXPECT_EQ(report.already_current, 0U);
  EXPECT_TRUE(report.failures.empty());
  reopen_with({master_key('b')});
  expect_that_all_open();
  EXPECT_EQ(wrapped_by(master_key('b')), kTenants);
  const auto first = vault_->status()->tenants.at(0);
  EXPECT_EQ(first.wrapped_at, clock_.now());
  EXPECT_EQ(first.created_at, clock_.now() - std::chrono::hours(1));
  use({master_key('a')});
  EXPECT_EQ(opened(tenant(0), "one"), "no_key");
}

TEST_F(Rotation, LeavesTheSecretsThemselvesAlone) {
  must_keep("acme", "one", "1");
  const auto before = stored("acme", "one");
  const auto data_key = data_key_name("acme");
  const auto wrapped = stored("acme", data_key);
  vault_->use_master_keys({master_key('b'), master_key('a')});
  rotate();
  EXPECT_EQ(stored("acme", "one"), before);
  EXPECT_EQ(data_key_name("acme"), data_key);
  EXPECT_NE(stored("acme", data_key), wrapped);
}

TEST_F(Rotation, HasNothingToDoTheSecondTime) {
  keep_one_for_each_tenant();
  EXPECT_EQ(rotate().already_current, 5U);
  const auto before = store_->last_sequence();
  EXPECT_EQ(rotate().rewrapped, 0U);
  EXPECT_EQ(store_->last_sequence(), before);
}

TEST_F(Rotation, TakesNewMasterKeysWithoutARestart) {
  keep_one_for_each_tenant();
  vault_->use_master_keys({master_key('b'), master_key('a')});
  must_keep("late", "one", "made under the new key");
  EXPECT_EQ(wrapped_by(master_key('b')), 1);
  const auto report = rotate();
  EXPECT_EQ(report.rewrapped, 5U);
  EXPECT_EQ(report.already_current, 1U);
  vault_->use_master_keys({master_key('b')});
  expect_that_all_open();
  EXPECT_EQ(opened("late", "one"), "made under the new key");
}

TEST_F(Rotation, GoesOnAfterACrashBetweenAnyTwoTenants) {
  keep_one_for_each_tenant();
  char from = 'a';
  for (int done = 0; done < kTenants; ++done) {
    const char to = static_cast<char>(from + 1);
    reopen_with({master_key(to), master_key(from)});
    store_->hold(done + 1);
    auto rotation = std::async(std::launch::async, [&] { return vault_->rotate_master_key(); });
    for (int i = 0; i < done; ++i) store_->release(true);
    store_->release(false);
    const auto stopped = rotation.get();
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, Errc::disk_full);
    EXPECT_NE(stopped.error().message.find("after " + std::to_string(done) + " of 5"),
              std::string::npos)
        << stopped.error().message;
    reopen_with({master_key(to), master_key(from)});
    EXPECT_EQ(wrapped_by(master_key(to)), done);
    expect_that_all_open();
    const auto report = rotate();
    EXPECT_EQ(report.rewrapped, static_cast<std::size_t>(kTenants - done));
    EXPECT_EQ(report.already_current, static_cast<std::size_t>(done));
    reopen_with({master_key(to)});
    expect_that_all_open();
    from = to;
  }
}

TEST_F(Rotation, ReportsWhatItCannotUnwrapAndDoesTheRest) {
  keep_one_for_each_tenant();
  use({master_key('c')});
  must_keep("stranger", "one", "1");
  const auto name = data_key_name(tenant(2));
  overwrite(tenant(2), name, stored(tenant(3), data_key_name(tenant(3))));
  use({master_key('b'), master_key('a')});
  const auto report = rotate();
  EXPECT_EQ(report.tenants, 6U);
  EXPECT_EQ(report.rewrapped, 4U);
  ASSERT_EQ(report.failures.size(), 2U);
  EXPECT_EQ(report.failures[0].tenant, "stranger");
  EXPECT_EQ(report.failures[0].error.code, Errc::no_key);
  EXPECT_EQ(report.failures[1].tenant, tenant(2));
  EXPECT_EQ(report.failures[1].error.code, Errc::corrupt);
  use({master_key('c')});
  EXPECT_EQ(opened("stranger", "one"), "1");
}

TEST_F(Rotation, DisturbsNobodyWhoSealsAndOpensMeanwhile) {
  keep_one_for_each_tenant();
  engine_->start();
  std::atomic<int> mistakes = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 30; ++i) {
        const std::string text = std::to_string(t) + "/" + std::to_string(i);
        // Every third goes to a tenant that has no data key yet.
        const std::string to =
            i % 3 == 0 ? "new-" + text.substr(0, 1) + std::to_string(i) : tenant(i % kTenants);
        const std::string name = "secret/" + text;
        mistakes += !keep(to, name, text).has_value();
        mistakes += opened(to, name) != text;
        mistakes += opened(tenant(t), "one") != "secret " + std::to_string(t);
      }
    });
  }
  for (char key : {'b', 'c', 'd', 'e'}) {
    vault_->use_master_keys({master_key(key), master_key(static_cast<char>(key - 1))});
    EXPECT_TRUE(rotate().failures.empty());
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(mistakes, 0);
  reopen_with({master_key('e')});
  EXPECT_EQ(wrapped_by(master_key('e')), kTenants + 40);
  expect_that_all_open();
  EXPECT_EQ(opened("new-00", "secret/0/0"), "0/0");
  EXPECT_EQ(opened(tenant(4), "secret/3/29"), "3/29");
}

}  // namespace
}  // namespace tidemark::test
