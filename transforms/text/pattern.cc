// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/pattern.h"

#include <utility>

#include <unicode/regex.h>
#include <unicode/unistr.h>

namespace newswire::text {
namespace {

constexpr int32_t kMaxStackBytes = 1 << 20;
constexpr int32_t kMaxSteps = 500;  // of ICU's own unit: about 10,000 operations of the engine

icu::UnicodeString FromUtf8(std::string_view text) {
  return icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
}

}  // namespace

struct Pattern::Impl {
  std::unique_ptr<icu::RegexPattern> pattern;
  int groups = 0;
};

Pattern::Pattern(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Result<Pattern> Pattern::Create(std::string_view expression) {
  UErrorCode status = U_ZERO_ERROR;
  UParseError where{};
  auto impl = std::make_unique<Impl>();
  impl->pattern.reset(icu::RegexPattern::compile(FromUtf8(expression), where, status));
  if (U_FAILURE(status) || impl->pattern == nullptr) {
    return Fail(ErrorKind::kConfig,
                "not a regular expression: " + std::string(u_errorName(status)) + " at character " +
                    std::to_string(where.offset));
  }
  const std::unique_ptr<icu::RegexMatcher> matcher(impl->pattern->matcher(status));
  impl->groups = U_SUCCESS(status) ? matcher->groupCount() : 0;
  return Pattern(std::move(impl));
}

int Pattern::groups() const { return impl_->groups; }

std::optional<std::string> Pattern::FirstGroup(std::string_view text) const {
  UErrorCode status = U_ZERO_ERROR;
  const icu::UnicodeString subject = FromUtf8(text);
  const std::unique_ptr<icu::RegexMatcher> matcher(impl_->pattern->matcher(subject, status));
  if (U_FAILURE(status)) {
    return std::nullopt;
  }
  matcher->setStackLimit(kMaxStackBytes, status);
  matcher->setTimeLimit(kMaxSteps, status);
  if (matcher->find(status) == 0 || U_FAILURE(status)) {
    return std::nullopt;
  }
  const icu::UnicodeString group = matcher->group(impl_->groups > 0 ? 1 : 0, status);
  if (U_FAILURE(status)) {
    return std::nullopt;
  }
  std::string out;
  group.toUTF8String(out);
  return out;
}

}  // namespace newswire::text
