// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/tar_reader.h"

#include <algorithm>
#include <utility>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/core.h>

namespace newswire::relay {
namespace {

constexpr size_t kReadBytes = size_t{64} << 10;   // of the file at once
constexpr size_t kBodyChunk = size_t{256} << 10;  // of a member at once
constexpr int64_t kLastSecond = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr int64_t kNanosPerMilli = 1'000'000;
constexpr int64_t kMillisPerSecond = 1000;

struct FreeArchive {
  void operator()(archive* handle) const { archive_read_free(handle); }
};
using Handle = std::unique_ptr<archive, FreeArchive>;

// The library gives bytes where the header had bytes, and UTF-8 alone where pax says UTF-8 and the
// process has no such locale.
std::string NameOf(archive_entry* entry) {
  if (const char* bytes = archive_entry_pathname(entry)) {
    return bytes;
  }
  const char* utf8 = archive_entry_pathname_utf8(entry);
  return utf8 == nullptr ? std::string() : std::string(utf8);
}

UtcMillis TimeOf(archive_entry* entry) {
  if (archive_entry_mtime_is_set(entry) == 0) {
    return {};
  }
  const int64_t seconds = archive_entry_mtime(entry);
  if (seconds < 0 || seconds > kLastSecond) {
    return {};
  }
  const int64_t millis = archive_entry_mtime_nsec(entry) / kNanosPerMilli;
  return UtcMillis(std::chrono::milliseconds(seconds * kMillisPerSecond +
                                             std::clamp<int64_t>(millis, 0, kMillisPerSecond - 1)));
}

}  // namespace

struct TarReader::Impl {
  Handle handle;
  uint64_t max_bytes = 0;
  Wanted wanted;
  uint64_t from = 0;
  bool begun = false;  // a header was read: this is a tar
  bool at_end = false;
  archive_entry* pending = nullptr;  // a header that was read behind damage
  bool in_member = false;            // what of the last member was not read is still to be skipped
  uint64_t header = 0;               // where the header of the last member lies

  std::string Reason() const {
    const char* reason = archive_error_string(handle.get());
    return reason == nullptr ? "the tar ends inside a header" : reason;
  }
  // Of the header that was read last; not to be asked after a failure.
  uint64_t HeaderOffset() const {
    return static_cast<uint64_t>(
        std::max<la_int64_t>(0, archive_read_header_position(handle.get())));
  }
  uint64_t Offset() const {
    return static_cast<uint64_t>(std::max<la_int64_t>(0, archive_filter_bytes(handle.get(), 0)));
  }

  Result<std::optional<Item>> Next();
  bool SkipRest();
  Item ReadMember(archive_entry* entry);
  Item SkipDamage();
};

// What is left of the member before; false where the tar is torn inside it.
bool TarReader::Impl::SkipRest() {
  if (!std::exchange(in_member, false)) {
    return true;
  }
  return archive_read_data_skip(handle.get()) != ARCHIVE_FATAL;
}

// From the first damaged block to the next header, which waits in `pending`.
TarReader::Item TarReader::Impl::SkipDamage() {
  TarDamage damage{.offset = HeaderOffset(), .length = 0, .reason = Reason()};
  int code = ARCHIVE_RETRY;
  archive_entry* entry = nullptr;
  while (code == ARCHIVE_RETRY) {
    code = archive_read_next_header(handle.get(), &entry);
  }
  if (code == ARCHIVE_OK || code == ARCHIVE_WARN) {
    pending = entry;
    damage.length = HeaderOffset() - damage.offset;
  } else {
    at_end = true;
  }
  return damage;
}

TarReader::Item TarReader::Impl::ReadMember(archive_entry* entry) {
  TarMember member;
  member.name = NameOf(entry);
  member.offset = header;
  member.modified = TimeOf(entry);
  while (member.body.size() <= max_bytes) {
    const size_t before = member.body.size();
    member.body.resize(std::min<uint64_t>(before + kBodyChunk, max_bytes + 1));
    const la_ssize_t got =
        archive_read_data(handle.get(), member.body.data() + before, member.body.size() - before);
    if (got < 0) {
      at_end = got == ARCHIVE_FATAL;
      return TarDamage{.offset = member.offset,
                       .length = at_end ? 0 : Offset() - member.offset,
                       .reason = fmt::format("{}: {}", member.name, Reason())};
    }
    member.body.resize(before + static_cast<size_t>(got));
    if (got == 0) {
      break;
    }
  }
  if (member.body.size() > max_bytes) {
    member.cut = true;
    member.body.resize(max_bytes);
  }
  member.body.shrink_to_fit();
  member.end = std::max(Offset(), member.offset + 1);
  return member;
}

Result<std::optional<TarReader::Item>> TarReader::Impl::Next() {
  while (!at_end) {
    archive_entry* entry = std::exchange(pending, nullptr);
    if (entry == nullptr) {
      if (!SkipRest()) {
        at_end = true;
        return TarDamage{.offset = header, .length = 0, .reason = Reason()};
      }
      const uint64_t place = Offset();
      const int code = archive_read_next_header(handle.get(), &entry);
      if (code == ARCHIVE_EOF) {
        at_end = true;
        break;
      }
      if (code == ARCHIVE_RETRY) {
        return SkipDamage();
      }
      if (code != ARCHIVE_OK && code != ARCHIVE_WARN) {
        at_end = true;
        if (!begun) {
          return Fail(ErrorKind::kPermanent, "not a tar that can be read: " + Reason());
        }
        return TarDamage{.offset = place, .length = 0, .reason = Reason()};
      }
    }
    begun = true;
    in_member = true;
    header = HeaderOffset();
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr ||
        header < from || !wanted(NameOf(entry))) {
      continue;
    }
    return ReadMember(entry);
  }
  return std::nullopt;
}

TarReader::TarReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TarReader::~TarReader() = default;

Result<std::unique_ptr<TarReader>> TarReader::Open(const std::filesystem::path& file,
                                                   uint64_t max_bytes, Wanted wanted) {
  auto impl = std::make_unique<Impl>();
  impl->handle.reset(archive_read_new());
  impl->max_bytes = max_bytes;
  impl->wanted = std::move(wanted);
  archive* handle = impl->handle.get();
  if (handle == nullptr) {
    return Fail(ErrorKind::kTransient, "no memory to read a tar");
  }
  archive_read_support_filter_gzip(handle);
  archive_read_support_format_tar(handle);
  if (archive_read_open_filename(handle, file.c_str(), kReadBytes) != ARCHIVE_OK) {
    return Fail(ErrorKind::kPermanent, "not a tar that can be read: " + impl->Reason());
  }
  return std::unique_ptr<TarReader>(new TarReader(std::move(impl)));
}

Result<std::optional<TarReader::Item>> TarReader::Next() { return impl_->Next(); }
void TarReader::SkipTo(uint64_t offset) { impl_->from = offset; }

uint64_t TarReader::file_bytes_read() const {
  return static_cast<uint64_t>(
      std::max<la_int64_t>(0, archive_filter_bytes(impl_->handle.get(), -1)));
}

}  // namespace newswire::relay
