#include "app/output.h"

#include <gtest/gtest.h>

namespace tidemark::app::test {
namespace {

TEST(TextTables, AlignNumbersToTheRightAndFillNoLineWithBlanks) {
  TextTable table({{"NAME"}, {"COUNT", true}, {"NOTE"}});
  table.add({"a", "1", ""});
  table.add({"longer", "1000", "x"});
  EXPECT_EQ(table.text(80),
            "NAME    COUNT  NOTE\n"
            "a           1\n"
            "longer   1000  x\n");
}

TEST(TextTables, FitTheWidthByLeavingOutAndThenByShrinking) {
  TextTable table({{"ID"}, {"TITLE", false, true}, {"MORE", false, false, true}});
  table.add({"1", "a title of many letters", "something else"});
  EXPECT_EQ(table.text(60),
            "ID  TITLE                    MORE\n1   a title of many letters  something else\n");
  EXPECT_EQ(table.text(30), "ID  TITLE\n1   a title of many letters\n");
  EXPECT_EQ(table.text(14), "ID  TITLE\n1   a title o…\n");
}

TEST(Cells, CannotMoveTheCursor) {
  EXPECT_EQ(fit("a\x1b[31m\nb\tc\r", 80), "a[31m b c ");
  EXPECT_EQ(fit("\xff", 80), "\xEF\xBF\xBD");
}

TEST(Cells, AreCutBetweenCharacters) {
  EXPECT_EQ(fit("äöüß", 4), "äöüß");
  EXPECT_EQ(fit("äöüß", 3), "äö…");
}

}  // namespace
}  // namespace tidemark::app::test
