// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace newswire::test {

struct Certificate {
  std::string certificate_pem, key_pem;
};

// A fresh self-signed certificate (P-256, valid for a day) for `names` as OpenSSL writes them:
// "IP:127.0.0.1", "DNS:localhost". It is its own CA.
Certificate MakeCertificate(const std::vector<std::string>& names);

}  // namespace newswire::test
