// SPDX-License-Identifier: Apache-2.0
#include "tests/support/http_server.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <list>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace newswire::test {
namespace {

constexpr std::chrono::seconds kGenerous{30};
constexpr char kTlsHandShake = 0x16;  // TLS spoken to a plain server
constexpr size_t kMaxRequestBytes = size_t{4} << 20;

bool SameName(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

std::string_view Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 404:
      return "Not Found";
    case 429:
      return "Too Many Requests";
    case 503:
      return "Service Unavailable";
    default:
      return "Something";
  }
}

[[noreturn]] void Throw(std::string_view what) {
  throw std::runtime_error(fmt::format("test server: {}", what));
}

struct SslContextDelete {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextDelete>;

SslContext MakeContext(const HttpServer::Tls& tls) {
  SslContext context(SSL_CTX_new(TLS_server_method()));
  const std::unique_ptr<BIO, decltype(&BIO_free)> certificate_bio(
      BIO_new_mem_buf(tls.certificate_pem.data(), static_cast<int>(tls.certificate_pem.size())),
      BIO_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> key_bio(
      BIO_new_mem_buf(tls.key_pem.data(), static_cast<int>(tls.key_pem.size())), BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr), X509_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  if (SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) {
    Throw("the certificate or its key is not usable");
  }
  return context;
}

}  // namespace

std::optional<std::string_view> ServerRequest::Header(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (SameName(header.name, name)) {
      return header.value;
    }
  }
  return std::nullopt;
}

std::string_view ServerRequest::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

struct HttpServer::Impl {
  explicit Impl(SslContext tls_context) : tls(std::move(tls_context)) { Listen(); }
  ~Impl() { Stop(); }

  void Listen();
  void Stop();
  void AcceptLoop();
  void Serve(int fd, uint64_t number);
  void JoinEnded();

  struct Worker {
    std::thread thread;
    bool ended = false;  // under `mutex`
  };

  SslContext tls;
  int listener = -1;
  int stop_event = -1;
  uint16_t port = 0;

  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  bool stopping = false;
  std::map<std::string, Handler, std::less<>> routes;
  Handler fallback;
  std::vector<ServerRequest> log;
  std::vector<int> open;  // connections: shut down by Stop, closed by their threads

  std::list<Worker>
      workers;  // one a connection; added and joined by the accepting thread, and Stop
  std::thread acceptor;
};

namespace {

// One connection: reads requests, writes answers; plain or TLS.
class Connection {
 public:
  Connection(int fd, SSL* ssl, const std::function<bool(std::chrono::milliseconds)>& pause)
      : fd_(fd), ssl_(ssl), pause_(pause) {}

  // False: the client has gone.
  bool ReadRequest(ServerRequest& request) {
    size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!Fill() || buffer_.front() == kTlsHandShake) {
        return false;
      }
    }
    ParseHead(std::string_view(buffer_).substr(0, end), request);
    buffer_.erase(0, end + 4);
    size_t length = 0;
    if (const auto value = request.Header("Content-Length")) {
      std::from_chars(value->data(), value->data() + value->size(), length);
    }
    while (buffer_.size() < length) {
      if (!Fill()) {
        return false;
      }
    }
    request.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return true;
  }

  // False: the connection ends here.
  bool Answer(const ServerAnswer& answer, bool head_only) {
    if (answer.before_header.count() > 0 && !pause_(answer.before_header)) {
      return false;
    }
    if (answer.raw) {
      Write(*answer.raw, answer.bytes_per_second);
      return false;
    }
    const bool chunked = answer.chunked || answer.endless;
    const bool bodiless = head_only || answer.status == 304 || answer.status == 204;
    std::string head =
        fmt::format("{}HTTP/1.1 {} {}\r\n", answer.before, answer.status, Reason(answer.status));
    for (const HttpHeader& header : answer.headers) {
      head += fmt::format("{}: {}\r\n", header.name, header.value);
    }
    if (chunked) {
      head += "Transfer-Encoding: chunked\r\n";
    } else if (!bodiless) {
      head += fmt::format("Content-Length: {}\r\n", answer.body.size());
    }
    head += answer.close ? "Connection: close\r\n\r\n" : "\r\n";
    if (bodiless) {
      return Write(head, answer.bytes_per_second) && !answer.close;
    }
    if (answer.endless) {
      return WriteForEver(head, answer);
    }
    std::string body = answer.body;
    if (chunked && !body.empty()) {
      body = Chunk(body) + "0\r\n\r\n";
    } else if (chunked) {
      body = "0\r\n\r\n";
    }
    if (answer.cut_after) {
      body.resize(std::min(body.size(), *answer.cut_after));
      Write(head + body, answer.bytes_per_second);
      return false;
    }
    return Write(head + body, answer.bytes_per_second) && !answer.close;
  }

 private:
  static std::string Chunk(std::string_view bytes) {
    return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
  }

  static void ParseHead(std::string_view head, ServerRequest& request) {
    size_t line_end = head.find("\r\n");
    const std::string_view first = head.substr(0, line_end);
    const size_t space = first.find(' ');
    const size_t last = first.rfind(' ');
    request.method = first.substr(0, space);
    request.target = last > space ? first.substr(space + 1, last - space - 1) : "";
    request.version = first.substr(last + 1);
    while (line_end != std::string_view::npos) {
      head.remove_prefix(line_end + 2);
      line_end = head.find("\r\n");
      const std::string_view line = head.substr(0, line_end);
      const size_t colon = line.find(':');
      if (colon != std::string_view::npos) {
        request.headers.push_back(
            {std::string(line.substr(0, colon)), std::string(Trim(line.substr(colon + 1)))});
      }
    }
  }

  bool WriteForEver(const std::string& head, const ServerAnswer& answer) {
    const std::string chunk = Chunk(answer.body.empty() ? std::string(4096, 'x') : answer.body);
    bool open = Write(head, answer.bytes_per_second);
    while (open) {
      open = Write(chunk, answer.bytes_per_second) && pause_(std::chrono::milliseconds(0));
    }
    return false;
  }

  bool Fill() {
    std::array<char, 16384> bytes{};
    const ssize_t got = ssl_ != nullptr
                            ? SSL_read(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                            : recv(fd_, bytes.data(), bytes.size(), 0);
    if (got <= 0 || buffer_.size() > kMaxRequestBytes) {
      return false;
    }
    buffer_.append(bytes.data(), static_cast<size_t>(got));
    return true;
  }

  bool Write(std::string_view bytes, size_t bytes_per_second) {
    if (bytes_per_second == 0) {
      return WriteAll(bytes);
    }
    const std::chrono::milliseconds gap(1000 / bytes_per_second);
    for (const char& byte : bytes) {
      if (!WriteAll({&byte, 1}) || !pause_(gap)) {
        return false;
      }
    }
    return true;
  }

  bool WriteAll(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ssl_ != nullptr
                               ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                               : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        return false;
      }
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  int fd_;
  SSL* ssl_;
  std::function<bool(std::chrono::milliseconds)> pause_;
  std::string buffer_;
};

}  // namespace

void HttpServer::Impl::Listen() {
  listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (listener < 0 || bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener, SOMAXCONN) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    Throw("no listening socket");
  }
  port = ntohs(address.sin_port);
  stop_event = eventfd(0, EFD_CLOEXEC);
  acceptor = std::thread([this] { AcceptLoop(); });
}

void HttpServer::Impl::Stop() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
    for (const int fd : open) {
      shutdown(fd, SHUT_RDWR);
    }
  }
  changed.notify_all();
  const uint64_t one = 1;
  if (write(stop_event, &one, sizeof one) != sizeof one) {
    std::abort();
  }
  acceptor.join();
  for (Worker& worker : workers) {
    worker.thread.join();
  }
  close(listener);
  close(stop_event);
}

void HttpServer::Impl::AcceptLoop() {
  uint64_t number = 0;
  for (;;) {
    std::array<pollfd, 2> waits{pollfd{listener, POLLIN, 0}, pollfd{stop_event, POLLIN, 0}};
    if (poll(waits.data(), waits.size(), -1) < 0) {
      continue;
    }
    if ((waits[1].revents & POLLIN) != 0) {
      return;
    }
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) {
      continue;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::lock_guard lock(mutex);
    if (stopping) {
      close(fd);
      return;
    }
    open.push_back(fd);
    JoinEnded();
    Worker& worker = workers.emplace_back();
    worker.thread = std::thread([this, &worker, fd, id = ++number] {
      Serve(fd, id);
      const std::lock_guard ending(mutex);
      worker.ended = true;
    });
  }
}

// Under `mutex`: a thread that has set `ended` needs it no more.
void HttpServer::Impl::JoinEnded() {
  workers.remove_if([](Worker& worker) {
    if (worker.ended) {
      worker.thread.join();
    }
    return worker.ended;
  });
}

void HttpServer::Impl::Serve(int fd, uint64_t number) {
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(tls ? SSL_new(tls.get()) : nullptr, SSL_free);
  bool alive = true;
  if (ssl) {
    SSL_set_fd(ssl.get(), fd);
    alive = SSL_accept(ssl.get()) == 1;
  }
  // Waits, unless the server stops: then false.
  Connection connection(fd, ssl.get(), [this](std::chrono::milliseconds time) {
    std::unique_lock lock(mutex);
    return !changed.wait_for(lock, time, [this] { return stopping; });
  });
  while (alive) {
    ServerRequest request;
    if (!connection.ReadRequest(request)) {
      break;
    }
    request.at = std::chrono::steady_clock::now();
    request.connection = number;
    Handler handler;
    {
      const std::lock_guard lock(mutex);
      log.push_back(request);
      const auto route = routes.find(request.path());
      handler = route != routes.end() ? route->second : fallback;
    }
    changed.notify_all();
    const ServerAnswer answer =
        handler ? handler(request) : ServerAnswer{.status = 404, .body = "no such page\n"};
    alive = connection.Answer(answer, request.method == "HEAD");
  }
  if (ssl && alive) {
    SSL_shutdown(ssl.get());
  }
  const std::lock_guard lock(mutex);
  std::erase(open, fd);
  close(fd);
}

HttpServer::HttpServer() : impl_(std::make_unique<Impl>(nullptr)) {}

HttpServer::HttpServer(Tls tls) : impl_(std::make_unique<Impl>(MakeContext(tls))) {
  std::signal(SIGPIPE, SIG_IGN);  // SSL_write has no MSG_NOSIGNAL
}

HttpServer::~HttpServer() = default;

void HttpServer::Route(std::string path, Handler handler) {
  const std::lock_guard lock(impl_->mutex);
  impl_->routes.insert_or_assign(std::move(path), std::move(handler));
}

void HttpServer::Route(std::string path, ServerAnswer answer) {
  Route(std::move(path), [answer = std::move(answer)](const ServerRequest&) { return answer; });
}

void HttpServer::Default(Handler handler) {
  const std::lock_guard lock(impl_->mutex);
  impl_->fallback = std::move(handler);
}

uint16_t HttpServer::port() const { return impl_->port; }

std::string HttpServer::Url(std::string_view path, std::string_view host) const {
  return fmt::format("{}://{}:{}{}", impl_->tls ? "https" : "http", host, impl_->port, path);
}

std::vector<ServerRequest> HttpServer::requests() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->log;
}

std::vector<ServerRequest> HttpServer::RequestsTo(std::string_view path) const {
  std::vector<ServerRequest> out = requests();
  std::erase_if(out, [path](const ServerRequest& request) { return request.path() != path; });
  return out;
}

bool HttpServer::WaitFor(std::string_view path, size_t count) const {
  std::unique_lock lock(impl_->mutex);
  return impl_->changed.wait_for(lock, kGenerous, [&] {
    return std::ranges::count_if(impl_->log, [path](const ServerRequest& request) {
             return request.path() == path;
           }) >= static_cast<std::ptrdiff_t>(count);
  });
}

}  // namespace newswire::test
