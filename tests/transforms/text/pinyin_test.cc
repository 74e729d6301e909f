// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/pinyin.h"

#include <string>

#include <gtest/gtest.h>

namespace newswire::text {
namespace {

struct Case {
  std::string name, expected;
};

TEST(Pinyin, ReadsNamesOfMedia) {
  for (const auto& [name, expected] :
       {Case{"中国证券报", "zhongguozhengquanbao"}, Case{"21世纪经济报道", "21shijijingjibaodao"},
        Case{"证券日报网", "zhengquanribaowang"}, Case{"新华网", "xinhuawang"},
        Case{"财联社", "cailianshe"}, Case{"长江商报", "changjiangshangbao"},
        Case{"厦门日报", "xiamenribao"}, Case{"重庆商报", "chongqingshangbao"},
        Case{"成都商报", "chengdushangbao"}, Case{"南方都市报", "nanfangdushibao"},
        Case{"中国银行", "zhongguoyinhang"}, Case{"央行", "yanghang"}, Case{"36氪", "36ke"},
        Case{"中国旅游报", "zhongguolvyoubao"}, Case{"地产大全", "dichandaquan"}}) {
    EXPECT_EQ(Pinyin(name), expected) << name;
  }
}

TEST(Pinyin, KeepsLatinLettersAndDigits) {
  EXPECT_EQ(Pinyin("TechWeb"), "TechWeb");
  EXPECT_EQ(Pinyin("21财经APP"), "21caijingAPP");
  EXPECT_EQ(Pinyin("安信国际证券（香港）"), "anxinguojizhengquanxianggang");
  EXPECT_EQ(Pinyin(""), "");
  EXPECT_EQ(Pinyin("—。"), "");
}

}  // namespace
}  // namespace newswire::text
