// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/archive/file_bytes.h"
#include "daemon/archive/member_decoder.h"
#include "daemon/archive/warc_record.h"
#include "transforms/model/error.h"

namespace newswire::archive {

// Takes records off the decoded bytes of one member (or of a plain file), one after the other, and
// finds the next record behind bytes that are none. Offsets count decoded bytes from where Start
// was told to begin; in a plain file they are file offsets.
class RecordText {
 public:
  // `decoder` is started at `member`. For a plain file `plain` is that file, else nullptr.
  void Start(MemberDecoder& decoder, FileBytes* plain, uint64_t member);

  // The record that begins here (line ends before it are skipped), whole and with the right
  // lengths; then it is consumed. nullopt: there is none, `reason()` says why, nothing but the line
  // ends was consumed.
  Result<std::optional<WarcRecord>> Take();
  // Goes to the next place, after the present one, where a version line begins; false: none is
  // left and everything is consumed.
  Result<bool> Resynchronise();
  // Nothing but line ends is left, and the member is verified.
  Result<bool> AtEnd();
  // Consumes all: true when the member is verified.
  Result<bool> Drain();

  uint64_t offset() const { return offset_; }
  bool nothing_decoded() const { return !decoded_any_; }
  bool damaged() const { return state_ == MemberDecoder::State::kDamaged; }
  const std::string& reason() const { return reason_; }

 private:
  std::string_view rest() const { return std::string_view(text_).substr(at_); }
  Status Fill(size_t size);  // until rest() has `size` bytes, or the member ends
  void Consume(size_t size);
  Status SkipLineEnds();
  Result<std::optional<WarcRecord>> Refuse(std::string_view reason);
  Result<std::optional<WarcRecord>> SkipTooLarge(const WarcHeader& header);

  MemberDecoder* decoder_ = nullptr;
  FileBytes* plain_ = nullptr;
  MemberDecoder::State state_ = MemberDecoder::State::kMore;
  std::string text_;
  size_t at_ = 0;
  uint64_t offset_ = 0;  // of text_[at_]
  bool decoded_any_ = false;
  std::string reason_;
};

}  // namespace newswire::archive
