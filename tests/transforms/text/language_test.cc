// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/language.h"

#include <string>

#include <gtest/gtest.h>

namespace newswire::text {
namespace {

TEST(DetectLanguage, TellsEastAsianTextByItsScript) {
  EXPECT_EQ(DetectLanguage("离岸人民币兑美元升至6.3512。", ""), "zh");
  EXPECT_EQ(
      DetectLanguage("英特尔(INTC.O)CEO基辛格：将用Mobileye上市所筹资金建设更多芯片工厂。", ""),
      "zh");
  EXPECT_EQ(DetectLanguage("これは日本語の文章です。経済ニュースを読む。", ""), "ja");
  EXPECT_EQ(DetectLanguage("한국 경제 뉴스입니다.", ""), "ko");
}

TEST(DetectLanguage, TellsOthersByStatistics) {
  EXPECT_EQ(DetectLanguage("The central bank raised interest rates on Tuesday, saying that "
                           "inflation had been higher than expected for most of the year.",
                           ""),
            "en");
  EXPECT_EQ(DetectLanguage("Die Zentralbank hat am Dienstag die Zinsen erhöht, weil die Inflation "
                           "in diesem Jahr höher ausgefallen ist als erwartet.",
                           ""),
            "de");
  EXPECT_EQ(
      DetectLanguage("Центральный банк повысил процентную ставку во вторник из-за инфляции.", ""),
      "ru");
}

TEST(DetectLanguage, PrefersADeclaredTagOnlyWhenItAgrees) {
  EXPECT_EQ(DetectLanguage("离岸人民币兑美元升至6.3512。", "zh-cn"), "zh-CN");
  EXPECT_EQ(DetectLanguage("离岸人民币兑美元升至6.3512。", "en"), "zh");
}

TEST(DetectLanguage, SaysNothingWhenItIsNotSure) {
  EXPECT_EQ(DetectLanguage("", ""), "");
  EXPECT_EQ(DetectLanguage("123 456", "en"), "");
  EXPECT_EQ(DetectLanguage("\xFF\xFE ok", ""), "");
}

TEST(CanonicalLanguage, WritesCanonicalCase) {
  EXPECT_EQ(CanonicalLanguage("ZH-hans-cn"), "zh-Hans-CN");
  EXPECT_EQ(CanonicalLanguage("zh_CN"), "zh-CN");
  EXPECT_EQ(CanonicalLanguage("en_US.UTF-8"), "en-US");
  EXPECT_EQ(CanonicalLanguage("es-419"), "es-419");
  EXPECT_EQ(CanonicalLanguage("en-x-US"), "en-x-us");
  EXPECT_EQ(CanonicalLanguage(" de "), "de");
}

TEST(CanonicalLanguage, RefusesWhatIsNoTag) {
  for (const char* tag : {"", "c", "12", "en us", "中文", "english-language-of-the-united-kingdom",
                          "en--US", "toolong1-x"}) {
    EXPECT_EQ(CanonicalLanguage(tag), "") << tag;
  }
}

TEST(LibraryVersions, NamesIcuAndCld2) {
  EXPECT_TRUE(LibraryVersions().starts_with("icu 7")) << LibraryVersions();
  EXPECT_NE(LibraryVersions().find("cld2 2015"), std::string::npos);
}

}  // namespace
}  // namespace newswire::text
