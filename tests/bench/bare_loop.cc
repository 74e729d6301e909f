// SPDX-License-Identifier: Apache-2.0
// bench_bare_loop URL COUNT COMPRESSOR THREADS: fetches URL/0 … URL/COUNT-1 with nothing but
// curl_multi and compresses each body: what intake is measured against. COMPRESSOR: none, zlib-N,
// libdeflate-N, zstd-N. THREADS 1: compression in the loop; 2: on a thread of its own. Nothing is
// written. Prints one line of JSON.
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <curl/curl.h>
#include <fmt/core.h>

#include "daemon/bounded_queue.h"
#include "tests/bench/compressors.h"

namespace newswire::bench {
namespace {

constexpr size_t kInFlight = 64;
constexpr size_t kQueue = 256;

size_t OnBody(char* data, size_t size, size_t count, void* body) {
  static_cast<std::string*>(body)->append(data, size * count);
  return size * count;
}

struct Transfer {
  CURL* easy = nullptr;
  std::string body;
};

class Loop {
 public:
  Loop(std::string base, size_t count, Compress compress, bool second_thread)
      : base_(std::move(base)), count_(count), compress_(std::move(compress)), queue_(kQueue) {
    if (second_thread) {
      worker_ = std::jthread([this](std::stop_token stop) {
        while (auto body = queue_.Pop(stop)) {
          compressed_ += compress_(*body);
        }
      });
    }
  }

  int Run() {
    const auto begin = std::chrono::steady_clock::now();
    CURLM* multi = curl_multi_init();
    std::vector<Transfer> transfers(std::min(kInFlight, count_));
    for (Transfer& transfer : transfers) {
      transfer.easy = curl_easy_init();
      curl_easy_setopt(transfer.easy, CURLOPT_WRITEFUNCTION, &OnBody);
      curl_easy_setopt(transfer.easy, CURLOPT_WRITEDATA, &transfer.body);
      curl_easy_setopt(transfer.easy, CURLOPT_PRIVATE, &transfer);
      Start(multi, transfer);
    }
    int running = 1;
    while (done_ < count_) {
      curl_multi_perform(multi, &running);
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
        if (message->msg != CURLMSG_DONE) {
          continue;
        }
        if (message->data.result != CURLE_OK) {
          fmt::print(stderr, "bench_bare_loop: {}\n", curl_easy_strerror(message->data.result));
          return 1;
        }
        Transfer* transfer = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        curl_multi_remove_handle(multi, transfer->easy);
        Finish(*transfer);
        if (started_ < count_) {
          Start(multi, *transfer);
        }
      }
      if (done_ < count_) {
        curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
      }
    }
    queue_.Close();
    if (worker_.joinable()) {
      worker_.join();
    }
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    for (Transfer& transfer : transfers) {
      curl_easy_cleanup(transfer.easy);
    }
    curl_multi_cleanup(multi);
    fmt::print("{{\"rate\": {:.0f}, \"bytes\": {}, \"compressed\": {}}}\n",
               static_cast<double>(count_) / seconds, bytes_, compressed_);
    return 0;
  }

 private:
  void Start(CURLM* multi, Transfer& transfer) {
    transfer.body.clear();
    curl_easy_setopt(transfer.easy, CURLOPT_URL, fmt::format("{}{}", base_, started_++).c_str());
    curl_multi_add_handle(multi, transfer.easy);
  }

  void Finish(Transfer& transfer) {
    bytes_ += transfer.body.size();
    ++done_;
    if (worker_.joinable()) {
      queue_.Push(std::move(transfer.body));
      transfer.body = {};
    } else {
      compressed_ += compress_(transfer.body);
    }
  }

  const std::string base_;
  const size_t count_;
  const Compress compress_;
  size_t started_ = 0, done_ = 0, bytes_ = 0, compressed_ = 0;
  BoundedQueue<std::string> queue_;
  std::jthread worker_;
};

}  // namespace
}  // namespace newswire::bench

int main(int argc, char** argv) {
  if (argc != 5) {
    fmt::print(stderr, "usage: bench_bare_loop URL COUNT COMPRESSOR THREADS\n");
    return 2;
  }
  curl_global_init(CURL_GLOBAL_DEFAULT);
  return newswire::bench::Loop(argv[1], std::strtoull(argv[2], nullptr, 10),
                               newswire::bench::MakeCompressor(argv[3]),
                               std::strcmp(argv[4], "2") == 0)
      .Run();
}
