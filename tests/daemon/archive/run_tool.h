// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sstream>
#include <string>
#include <vector>

namespace newswire::archive {

// What one of the archive's tools answered.
struct Answer {
  int status;
  std::string out, err;
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    std::istringstream in(out);
    for (std::string line; std::getline(in, line);) {
      lines.push_back(line);
    }
    return lines;
  }
};

template <typename Tool>
Answer RunTool(const Tool& tool) {
  std::ostringstream out;
  std::ostringstream err;
  const int status = tool(out, err);
  return {status, out.str(), err.str()};
}

}  // namespace newswire::archive
