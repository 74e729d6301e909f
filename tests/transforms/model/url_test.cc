// SPDX-License-Identifier: Apache-2.0
#include "transforms/model/url.h"

#include <string>

#include <gtest/gtest.h>

namespace newswire {
namespace {

std::string Canonical(std::string_view text) {
  const auto url = Url::Parse(text);
  return url ? url->canonical() : "refused";
}

std::string Resolved(std::string_view base, std::string_view reference) {
  const auto base_url = Url::Parse(base);
  EXPECT_TRUE(base_url) << base;
  const auto url = Url::Resolve(*base_url, reference);
  return url ? url->given() : "refused";
}

struct Case {
  std::string input, expected;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.input; }

class Rfc3986Examples : public testing::TestWithParam<Case> {};
TEST_P(Rfc3986Examples, ResolveAgainstTheBaseOfSection54) {
  EXPECT_EQ(Resolved("http://a/b/c/d;p?q", GetParam().input), GetParam().expected);
}
INSTANTIATE_TEST_SUITE_P(
    Normal, Rfc3986Examples,
    testing::Values(
        Case{"g:h", "refused"}, Case{"g", "http://a/b/c/g"}, Case{"./g", "http://a/b/c/g"},
        Case{"g/", "http://a/b/c/g/"}, Case{"/g", "http://a/g"}, Case{"//g", "http://g"},
        Case{"?y", "http://a/b/c/d;p?y"}, Case{"g?y", "http://a/b/c/g?y"},
        Case{"#s", "http://a/b/c/d;p?q#s"}, Case{"g#s", "http://a/b/c/g#s"},
        Case{"g?y#s", "http://a/b/c/g?y#s"}, Case{";x", "http://a/b/c/;x"},
        Case{"g;x", "http://a/b/c/g;x"}, Case{"g;x?y#s", "http://a/b/c/g;x?y#s"},
        Case{"", "http://a/b/c/d;p?q"}, Case{".", "http://a/b/c/"}, Case{"./", "http://a/b/c/"},
        Case{"..", "http://a/b/"}, Case{"../", "http://a/b/"}, Case{"../g", "http://a/b/g"},
        Case{"../..", "http://a/"}, Case{"../../", "http://a/"}, Case{"../../g", "http://a/g"}));
INSTANTIATE_TEST_SUITE_P(
    Abnormal, Rfc3986Examples,
    testing::Values(Case{"../../../g", "http://a/g"}, Case{"../../../../g", "http://a/g"},
                    Case{"/./g", "http://a/g"}, Case{"/../g", "http://a/g"},
                    Case{"g.", "http://a/b/c/g."}, Case{".g", "http://a/b/c/.g"},
                    Case{"g..", "http://a/b/c/g.."}, Case{"..g", "http://a/b/c/..g"},
                    Case{"./../g", "http://a/b/g"}, Case{"./g/.", "http://a/b/c/g/"},
                    Case{"g/./h", "http://a/b/c/g/h"}, Case{"g/../h", "http://a/b/c/h"},
                    Case{"g;x=1/./y", "http://a/b/c/g;x=1/y"}, Case{"g;x=1/../y", "http://a/b/c/y"},
                    Case{"g?y/./x", "http://a/b/c/g?y/./x"},
                    Case{"g?y/../x", "http://a/b/c/g?y/../x"},
                    Case{"g#s/./x", "http://a/b/c/g#s/./x"},
                    Case{"g#s/../x", "http://a/b/c/g#s/../x"}, Case{"http:g", "http://a/b/c/g"}));

TEST(UrlResolve, IsAsLenientAsBrowsers) {
  EXPECT_EQ(Resolved("https://a.example/x/y", "//b.example/z"), "https://b.example/z");
  EXPECT_EQ(Resolved("https://a.example/x/y", "\\\\b.example\\z"), "https:\\\\b.example\\z");
  EXPECT_EQ(Resolved("https://a.example/x/y", " \n z\t1 "), "https://a.example/x/z1");
  EXPECT_EQ(Resolved("https://a.example", "z"), "https://a.example/z");
  EXPECT_EQ(Resolved("file:///srv/posts/a.md", "b.md"), "file:///srv/posts/b.md");
  EXPECT_EQ(Resolved("https://a.example/x", "mailto:x@y"), "refused");
  EXPECT_EQ(Resolved("https://a.example/x", "javascript:void(0)"), "refused");
  EXPECT_EQ(Resolved("https://a.example/x/", "%2e%2E/z"), "https://a.example/z");
}

class CanonicalForm : public testing::TestWithParam<Case> {};
TEST_P(CanonicalForm, Decides) { EXPECT_EQ(Canonical(GetParam().input), GetParam().expected); }
INSTANTIATE_TEST_SUITE_P(
    Url, CanonicalForm,
    testing::Values(
        Case{"HTTP://Example.COM", "http://example.com/"},
        Case{"http://example.com:80/a", "http://example.com/a"},
        Case{"https://example.com:443/", "https://example.com/"},
        Case{"http://example.com:443/", "http://example.com:443/"},
        Case{"http://example.com:/", "http://example.com/"},
        Case{"http://example.com:0080/", "http://example.com/"},
        Case{"http://example.com/a#frag", "http://example.com/a"},
        Case{"http://example.com/a/./b/../c", "http://example.com/a/c"},
        Case{"http://example.com/%7euser/%41%2f%e5", "http://example.com/~user/A%2F%E5"},
        Case{"http://example.com/a b\"<>", "http://example.com/a%20b%22%3C%3E"},
        Case{"http://example.com/100%", "http://example.com/100%"},
        Case{"http://example.com/100%%30e", "http://example.com/100%250e"},
        Case{"http://example.com/100%3%30", "http://example.com/100%2530"},
        Case{"http://example.com/工信部", "http://example.com/%E5%B7%A5%E4%BF%A1%E9%83%A8"},
        Case{"http://example.com/\xB9\xA4", "http://example.com/%B9%A4"},
        Case{"http://example.com?a=b&c=工", "http://example.com/?a=b&c=%E5%B7%A5"},
        Case{"http://example.com/a?B=%7e&b=/../", "http://example.com/a?B=%7e&b=/../"},
        Case{"http:\\\\example.com\\a\\b", "http://example.com/a/b"},
        Case{"http:/example.com/a", "http://example.com/a"},
        Case{"http:example.com", "http://example.com/"},
        Case{"  http://exa\nmple.com/\t ", "http://example.com/"},
        Case{"http://bücher.example/", "http://xn--bcher-kva.example/"},
        Case{"http://新闻.中国/", "http://xn--efvy88h.xn--fiqs8s/"},
        Case{"http://ｅｘａｍｐｌｅ.com/", "http://example.com/"},
        Case{"http://ex%41mple.com/", "http://example.com/"},
        Case{"http://a_b.example.com/", "http://a_b.example.com/"},
        Case{"http://example.com./", "http://example.com./"},
        Case{"http://[2001:DB8:0:0::1]:8080/x", "http://[2001:db8::1]:8080/x"},
        Case{"http://[::1]/", "http://[::1]/"}, Case{"http://127.1/", "http://127.0.0.1/"},
        Case{"http://0x7f.0.0.1/", "http://127.0.0.1/"},
        Case{"http://2130706433/", "http://127.0.0.1/"},
        Case{"file:///srv/posts/2022-04-19-x.md", "file:///srv/posts/2022-04-19-x.md"},
        Case{"file://localhost/srv/a", "file:///srv/a"},
        Case{"http://example.com/21shijijingjibaodao  nancailicaitong/",
             "http://example.com/21shijijingjibaodao%20%20nancailicaitong/"}));
INSTANTIATE_TEST_SUITE_P(
    Refused, CanonicalForm,
    testing::Values(
        Case{"", "refused"}, Case{"/relative", "refused"}, Case{"example.com", "refused"},
        Case{"ftp://example.com/", "refused"}, Case{"http://", "refused"},
        Case{"http:///", "refused"}, Case{"http://user@example.com/", "refused"},
        Case{"http://user:pw@example.com/", "refused"}, Case{"http://exa mple.com/", "refused"},
        Case{"http://example.com%00/", "refused"}, Case{"http://example.com:99999/", "refused"},
        Case{"http://example.com:8a/", "refused"}, Case{"http://[::1/", "refused"},
        Case{"http://[::g]/", "refused"}, Case{"http://1.2.3.4.5/", "refused"},
        Case{"http://256.1.1.1/", "refused"}, Case{"http://a<b/", "refused"},
        Case{"file://server/share", "refused"},
        Case{"http://example.com/" + std::string(8192, 'a'), "refused"}));

TEST(Url, AnswersItsParts) {
  const auto url = Url::Parse("https://News.Example:8443/a/b?x=1#f");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->given(), "https://News.Example:8443/a/b?x=1#f");
  EXPECT_EQ(url->scheme(), "https");
  EXPECT_EQ(url->host(), "news.example");
  EXPECT_EQ(url->port(), 8443);
  EXPECT_EQ(url->origin(), "https://news.example:8443");
  EXPECT_EQ(url->path(), "/a/b");
  EXPECT_EQ(url->query(), "x=1");
  EXPECT_EQ(url->path_and_query(), "/a/b?x=1");
  const auto file = Url::Parse("file:///srv/a");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->host(), "");
  EXPECT_EQ(file->port(), 0);
  EXPECT_EQ(file->path(), "/srv/a");
  EXPECT_EQ(file->query(), "");
}

TEST(Url, IsRefusedWhenItsCanonicalFormIsTooLong) {
  std::string text = "http://a.example/";
  while (text.size() < 4000) {
    text += "工";  // three bytes, nine when encoded
  }
  EXPECT_FALSE(Url::Parse(text));
  EXPECT_TRUE(Url::Parse(text.substr(0, 2000)));
}

TEST(Url, IsTheSameAfterReadingItsCanonicalForm) {
  for (const char* text : {"http://Example.com/%7e/../工?q=工#x", "http://[2001:DB8::1]/",
                           "http://新闻.中国/a b", "file:///a/./b"}) {
    EXPECT_EQ(Canonical(Canonical(text)), Canonical(text));
  }
}

}  // namespace
}  // namespace newswire
