// SPDX-License-Identifier: Apache-2.0
// bench_page_server [BYTES]: a fast HTTP/1.1 server on loopback for the intake benchmark. Answers
// every request with one of 512 pages of BYTES (default 6600), chosen by the path. Prints its port
// and serves until its standard input ends.
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/varied_text.h"

namespace newswire::bench {
namespace {

constexpr size_t kPages = 512;
constexpr size_t kDefaultBytes = 6600;
constexpr int kEvents = 256;
constexpr size_t kReadBytes = 16 * 1024;

struct Connection {
  std::string in, out;
  size_t sent = 0;
  bool wants_write = false;
};

class Server {
 public:
  explicit Server(size_t page_bytes) {
    VariedText text(7);
    for (size_t i = 0; i < kPages; ++i) {
      const std::string body = text.Page(page_bytes, fmt::format("Page {}", i));
      answers_.push_back(
          fmt::format(
              "HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: text/html; charset=utf-8\r\n"
              "ETag: \"{}\"\r\nContent-Length: {}\r\n\r\n",
              i, body.size()) +
          body);
    }
  }

  int Run() {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (listener < 0 || bind(listener, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        listen(listener, SOMAXCONN) != 0 ||
        getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
      fmt::print(stderr, "bench_page_server: cannot listen on loopback\n");
      return 1;
    }
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    Watch(listener, EPOLLIN, EPOLL_CTL_ADD);
    Watch(STDIN_FILENO, EPOLLIN, EPOLL_CTL_ADD);
    fmt::print("{}\n", ntohs(address.sin_port));
    std::fflush(stdout);
    std::vector<epoll_event> events(kEvents);
    while (true) {
      const int count = epoll_wait(epoll_, events.data(), kEvents, -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<size_t>(i)].data.fd;
        if (fd == STDIN_FILENO) {
          char byte = 0;
          if (read(STDIN_FILENO, &byte, 1) <= 0) {
            return 0;
          }
        } else if (fd == listener) {
          Accept(listener);
        } else if (!Serve(fd)) {
          connections_.erase(fd);
          close(fd);
        }
      }
    }
  }

 private:
  void Watch(int fd, uint32_t what, int how) const {
    epoll_event event{};
    event.events = what;
    event.data.fd = fd;
    epoll_ctl(epoll_, how, fd, &event);
  }

  void Accept(int listener) {
    while (true) {
      const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        return;
      }
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      connections_.emplace(fd, Connection{});
      Watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  // False: the connection is over.
  bool Serve(int fd) {
    Connection& connection = connections_[fd];
    char bytes[kReadBytes];
    while (true) {
      const ssize_t n = read(fd, bytes, sizeof bytes);
      if (n > 0) {
        connection.in.append(bytes, static_cast<size_t>(n));
        continue;
      }
      if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        return false;
      }
      break;
    }
    size_t end = 0;
    while ((end = connection.in.find("\r\n\r\n")) != std::string::npos) {
      const std::string_view line = std::string_view(connection.in).substr(0, end);
      const size_t path = line.find(' ') + 1;
      const size_t hash =
          std::hash<std::string_view>()(line.substr(path, line.find(' ', path) - path));
      connection.out += answers_[hash % kPages];
      connection.in.erase(0, end + 4);
    }
    while (connection.sent < connection.out.size()) {
      const ssize_t n = send(fd, connection.out.data() + connection.sent,
                             connection.out.size() - connection.sent, MSG_NOSIGNAL);
      if (n < 0) {
        if (errno != EAGAIN) {
          return false;
        }
        break;
      }
      connection.sent += static_cast<size_t>(n);
    }
    const bool more = connection.sent < connection.out.size();
    if (!more) {
      connection.out.clear();
      connection.sent = 0;
    }
    if (more != connection.wants_write) {
      connection.wants_write = more;
      Watch(fd, more ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
    }
    return true;
  }

  std::vector<std::string> answers_;
  std::unordered_map<int, Connection> connections_;
  int epoll_ = -1;
};

}  // namespace
}  // namespace newswire::bench

int main(int argc, char** argv) {
  const size_t bytes =
      argc > 1 ? std::strtoull(argv[1], nullptr, 10) : newswire::bench::kDefaultBytes;
  return newswire::bench::Server(bytes).Run();
}
