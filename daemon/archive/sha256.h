// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace newswire::archive {

// SHA-256 of a stream of bytes.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;

  void Add(std::string_view bytes);
  std::string Finish();  // in hex; nothing may be added afterwards

 private:
  evp_md_ctx_st* context_;
};

}  // namespace newswire::archive
