#include <gmock/gmock.h>

#include "config_fixture.h"

namespace tidemark::app::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(ConfigFile, KeepsEverythingUnlessRetentionSaysOtherwise) {
  const auto config = load("");
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->audit.retention.keeps_everything());
}

TEST_F(ConfigFile, ReadsRetentionAndWhatATenantHasInstead) {
  const auto config = load(
      "[retention]\nrecords = \"180d\"\ninputs = \"30d\"\nhold = \"7d\"\n"
      "[[tenant]]\nid = \"Acme\"\nretention_events = \"90d\"\n[[tenant]]\nid = \"other\"\n");
  ASSERT_TRUE(config);
  const auto& retention = config->audit.retention;
  const std::chrono::hours day(24);
  EXPECT_EQ(retention.records, 180 * day);
  EXPECT_EQ(retention.payloads.inputs, 30 * day);
  EXPECT_EQ(retention.payloads.events, milliseconds{0});
  EXPECT_EQ(retention.hold, 7 * day);
  ASSERT_EQ(retention.tenants.size(), 1U);
  EXPECT_EQ(retention.tenants.at("acme").events, 90 * day);
  EXPECT_EQ(retention.tenants.at("acme").inputs, 30 * day) << "what it does not name is as for all";
}

TEST_F(ConfigFile, SaysWhichRetentionIsNone) {
  EXPECT_THAT(problems("[retention]\nrecords = \"1ms\"\nevent = \"3d\"\n"
                       "[[tenant]]\nid = \"acme\"\nretention_inputs = \"soon\"\n"),
              ElementsAre(HasSubstr("2:1: retention.records: must be at least 1s"),
                          HasSubstr("3:1: retention.event: "),
                          HasSubstr("6:1: tenant.acme.retention_inputs: ")));
}

}  // namespace
}  // namespace tidemark::app::test
