// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/record_text.h"

#include <algorithm>

#include <fmt/format.h>

namespace newswire::archive {
namespace {

constexpr size_t kStep = size_t{16} << 10;
constexpr std::string_view kTerminator = "\r\n\r\n";

bool OnlyLineEnds(std::string_view text) {
  return text.find_first_not_of("\r\n") == std::string_view::npos;
}

// Length of the two line ends that `text` begins with, CRLF or LF each; 0 when it does not.
size_t TwoLineEnds(std::string_view text) {
  size_t at = 0;
  for (int i = 0; i < 2; ++i) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("\r\n")) {
      at += 2;
    } else if (rest.starts_with('\n')) {
      at += 1;
    } else {
      return 0;
    }
  }
  return at;
}

}  // namespace

void RecordText::Start(MemberDecoder& decoder, FileBytes* plain, uint64_t member) {
  decoder_ = &decoder;
  plain_ = plain;
  decoder_->Start(member);
  state_ = MemberDecoder::State::kMore;
  text_.clear();
  at_ = 0;
  offset_ = plain != nullptr ? member : 0;
  decoded_any_ = false;
  reason_.clear();
}

Status RecordText::Fill(size_t size) {
  const size_t have = text_.size() - at_;
  if (have >= size || state_ != MemberDecoder::State::kMore) {
    return {};
  }
  const Result<MemberDecoder::State> state = decoder_->Fill(text_, size - have);
  if (!state) {
    return std::unexpected(state.error());
  }
  state_ = *state;
  decoded_any_ = decoded_any_ || !text_.empty();
  return {};
}

void RecordText::Consume(size_t size) {
  at_ += size;
  offset_ += size;
  if (at_ > text_.size() / 2) {  // moved at most once per byte
    text_.erase(0, at_);
    at_ = 0;
  }
}

Status RecordText::SkipLineEnds() {
  while (true) {
    if (Status status = Fill(1); !status) {
      return status;
    }
    const size_t count = std::min(rest().find_first_not_of("\r\n"), rest().size());
    if (count == 0) {
      return {};
    }
    Consume(count);
  }
}

Result<std::optional<WarcRecord>> RecordText::Refuse(std::string_view reason) {
  reason_ = damaged() ? std::string_view(decoder_->reason()) : reason;
  return std::nullopt;
}

// A record that is only too large: the ones behind it are read. In a plain file the length may be
// wrong: it is believed only when an empty line follows.
Result<std::optional<WarcRecord>> RecordText::SkipTooLarge(const WarcHeader& header) {
  std::string reason = fmt::format("the record's block of {} bytes is larger than {}",
                                   header.block_length, kMaxBlock);
  if (header.block_length > Position::kMaxOffset) {
    return Refuse(reason);
  }
  if (plain_ != nullptr) {
    const uint64_t end = offset_ + header.header_length + header.block_length;
    const Result<std::string_view> after = plain_->At(end, kTerminator.size());
    if (!after) {
      return std::unexpected(after.error());
    }
    if (*after == kTerminator) {
      decoder_->Start(end);
      text_.clear();
      at_ = 0;
      offset_ = end;
      state_ = MemberDecoder::State::kMore;
    }
    return Refuse(reason);
  }
  uint64_t left = header.header_length + header.block_length;
  while (left > 0) {
    if (Status status = Fill(std::min<uint64_t>(left, kStep)); !status) {
      return std::unexpected(status.error());
    }
    const auto count = static_cast<size_t>(std::min<uint64_t>(left, rest().size()));
    if (count == 0) {
      break;
    }
    Consume(count);
    left -= count;
  }
  return Refuse(reason);
}

Result<std::optional<WarcRecord>> RecordText::Take() {
  if (Status status = SkipLineEnds(); !status) {
    return std::unexpected(status.error());
  }
  WarcHeader header;
  for (size_t size = kStep;; size += kStep) {
    if (Status status = Fill(size); !status) {
      return std::unexpected(status.error());
    }
    Result<std::optional<WarcHeader>> parsed = ParseWarcHeader(rest());
    if (!parsed) {
      return Refuse(parsed.error().message);
    }
    if (parsed->has_value()) {
      header = std::move(**parsed);
      break;
    }
    if (state_ != MemberDecoder::State::kMore) {
      return Refuse("the file ends inside a record's header");
    }
  }
  if (header.block_length > kMaxBlock) {
    return SkipTooLarge(header);
  }
  const size_t body_end = header.header_length + static_cast<size_t>(header.block_length);
  if (Status status = Fill(body_end + kTerminator.size()); !status) {
    return std::unexpected(status.error());
  }
  if (damaged() || rest().size() < body_end) {
    return Refuse(plain_ != nullptr ? "the file ends inside a record"
                                    : "the record is longer than its member");
  }
  const std::string_view after = rest().substr(body_end);
  size_t end = body_end;
  if (const size_t length = TwoLineEnds(after); length > 0) {
    end += length;
  } else if (plain_ != nullptr && after.size() < kTerminator.size() &&
             kTerminator.starts_with(after)) {
    return Refuse("the file ends inside a record");
  } else if (plain_ == nullptr && state_ == MemberDecoder::State::kEnd && OnlyLineEnds(after)) {
    end += after.size();  // a writer that forgot them; the checksum vouches for the length
  } else {
    return Refuse("the record's length is wrong: no empty line follows its block");
  }
  header.record.block.assign(rest(), header.header_length, body_end - header.header_length);
  Consume(end);
  return std::optional<WarcRecord>(std::move(header.record));
}

Result<bool> RecordText::Resynchronise() {
  constexpr std::string_view kStart = "\nWARC/";
  size_t from = 0;
  while (true) {
    const size_t found = rest().find(kStart, from);
    if (found != std::string_view::npos) {
      Consume(found + 1);
      return true;
    }
    // Keeps what may be the beginning of the mark.
    const size_t keep = std::min(rest().size(), kStart.size() - 1);
    if (state_ != MemberDecoder::State::kMore) {
      Consume(rest().size());
      return false;
    }
    Consume(rest().size() - keep);
    from = 0;
    if (Status status = Fill(keep + kStep); !status) {
      return std::unexpected(status.error());
    }
  }
}

Result<bool> RecordText::AtEnd() {
  if (Status status = SkipLineEnds(); !status) {
    return std::unexpected(status.error());
  }
  return rest().empty() && state_ == MemberDecoder::State::kEnd;
}

Result<bool> RecordText::Drain() {
  do {
    Consume(rest().size());
    if (Status status = Fill(kStep); !status) {
      return std::unexpected(status.error());
    }
  } while (state_ == MemberDecoder::State::kMore);
  return state_ == MemberDecoder::State::kEnd;
}

}  // namespace newswire::archive
