// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/inspect.h"

#include <array>
#include <filesystem>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "daemon/archive/inspect.h"
#include "daemon/archive/tools.h"
#include "daemon/commands/exit_codes.h"
#include "daemon/commands/input.h"
#include "transforms/formats/inspect.h"
#include "transforms/formats/robots.h"
#include "transforms/model/event.h"
#include "transforms/model/url.h"
#include "transforms/text/json.h"

namespace newswire::commands {
namespace {

constexpr size_t kMaxPostBytes = size_t{5} << 20;
constexpr size_t kMaxFeedBytes = size_t{15} << 20;
constexpr size_t kMaxSitemapBytes = size_t{50} << 20;
constexpr size_t kMaxEventBytes = size_t{64} << 20;
constexpr size_t kMaxRequestBytes = size_t{1} << 20;
constexpr std::string_view kUnknownPage = "http://localhost/";
constexpr const char* kPostZone = "Asia/Shanghai";
constexpr const char* kPageZone = "UTC";
constexpr const char* kSourceId = "inspect";

Result<std::string> NoSuchKind(std::string_view kind) {
  return Fail(ErrorKind::kConfig,
              fmt::format("'{}' is no kind; expected one of: feed, sitemap, robots, page, post, "
                          "warc",
                          kind));
}

std::string PageJson(const Post& post) {
  std::string out;
  text::JsonWriter json(out);
  json.BeginObject();
  json.Key("title").StringOrNull(post.title);
  json.Key("authors").BeginArray();
  for (const std::string& author : post.authors) {
    json.String(author);
  }
  json.EndArray();
  json.Key("publisher").StringOrNull(post.publisher);
  json.Key("published_at")
      .StringOrNull(post.published_at ? FormatUtc(post.published_at->instant) : "");
  json.Key("language").StringOrNull(post.language);
  json.Key("text").StringOrNull(post.text);
  json.EndObject();
  return out;
}

// The one post of a capture, or why there is none.
Result<Post> OnlyPost(Transformed transformed) {
  if (!transformed.posts.empty()) {
    return std::move(transformed.posts.back());
  }
  if (!transformed.dead_letters.empty()) {
    const DeadLetter& letter = transformed.dead_letters.front();
    return Fail(ErrorKind::kMalformed, fmt::format("{}: {}", letter.step, letter.reason));
  }
  return Fail(ErrorKind::kMalformed, "holds no post");
}

// Up to and with a line's end; false at the end of the input. A longer line is read over.
bool ReadLine(std::istream& in, std::string& line, bool& too_long) {
  line.clear();
  too_long = false;
  for (int c = in.get(); c != std::char_traits<char>::eof(); c = in.get()) {
    if (c == '\n') {
      return true;
    }
    if (line.size() < kMaxRequestBytes) {
      line += static_cast<char>(c);
    } else {
      too_long = true;
    }
  }
  return !line.empty();
}

Result<InspectRequest> ParseRequest(std::string_view line) {
  const auto document = text::JsonDocument::Parse(line);
  if (!document) {
    return WithContext(document.error(), "request");
  }
  const text::JsonValue root = document->root();
  if (!root.is_object()) {
    return Fail(ErrorKind::kConfig, "request: not a JSON object");
  }
  InspectRequest request;
  const std::array<std::pair<const char*, std::string*>, 6> members{
      {{"kind", &request.kind},
       {"file", &request.file},
       {"url", &request.url},
       {"content_type", &request.content_type},
       {"agent", &request.agent},
       {"timezone", &request.timezone}}};
  for (const auto& [name, target] : members) {
    const text::JsonValue value = root[name];
    if (value.exists() && !value.is_null() && !value.is_string()) {
      return Fail(ErrorKind::kConfig, fmt::format("request: \"{}\" is not text", name));
    }
    *target = value.string_or("");
  }
  if (request.file.empty() || request.file == "-") {
    return Fail(ErrorKind::kConfig, "request: \"file\" names no file");
  }
  return request;
}

std::string ErrorJson(std::string_view message) {
  std::string out;
  text::JsonWriter json(out);
  json.BeginObject().Key("error").String(message).EndObject();
  return out;
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

Result<const Pipeline*> Inspector::PipelineFor(BodyKind body, const std::string& timezone) {
  const std::string key = fmt::format("{} {}", Name(body), timezone);
  auto found = pipelines_.find(key);
  if (found == pipelines_.end()) {
    Source source;
    source.id = kSourceId;
    source.kind = body == BodyKind::kFile ? SourceKind::kFolder : SourceKind::kFeed;
    source.url = body == BodyKind::kFile ? "/" : std::string(kUnknownPage);
    source.body = body;
    source.timezone = timezone;
    auto pipeline = Pipeline::Create(source);
    if (!pipeline) {
      return std::unexpected(pipeline.error());
    }
    found = pipelines_.emplace(key, *std::move(pipeline)).first;
  }
  return &found->second;
}

Result<std::string> Inspector::InspectPage(const InspectRequest& request, std::string bytes) {
  const auto pipeline =
      PipelineFor(BodyKind::kPage, request.timezone.empty() ? kPageZone : request.timezone);
  if (!pipeline) {
    return std::unexpected(pipeline.error());
  }
  Capture capture;
  capture.kind = CaptureKind::kResponse;
  capture.url = request.url.empty() ? std::string(kUnknownPage) : request.url;
  capture.fetched_at = clock_.Wall();
  capture.http_status = 200;
  capture.protocol = "HTTP/1.1";
  capture.headers = {
      {"Content-Type", request.content_type.empty() ? "text/html" : request.content_type}};
  capture.body = std::move(bytes);
  capture.metadata.source = kSourceId;
  capture.metadata.role = CaptureRole::kPost;
  capture.metadata.body = BodyKind::kPage;
  capture.metadata.link = capture.url;
  auto post = OnlyPost((*pipeline)->Run(capture));
  if (!post) {
    return std::unexpected(post.error());
  }
  return PageJson(*post);
}

Result<std::string> Inspector::InspectPost(const InspectRequest& request, std::string bytes) {
  const auto pipeline =
      PipelineFor(BodyKind::kFile, request.timezone.empty() ? kPostZone : request.timezone);
  if (!pipeline) {
    return std::unexpected(pipeline.error());
  }
  std::string url = request.url;
  if (url.empty()) {
    const auto path = std::filesystem::absolute(request.file == "-" ? "post.md" : request.file);
    const auto parsed = Url::Parse("file://" + path.lexically_normal().string());
    url = parsed ? parsed->canonical() : "file:///post.md";
  }
  Capture capture;
  capture.kind = CaptureKind::kResource;
  capture.url = url;
  capture.fetched_at = clock_.Wall();
  capture.content_type = request.content_type.empty() ? "text/markdown" : request.content_type;
  capture.body = std::move(bytes);
  capture.metadata.source = kSourceId;
  capture.metadata.role = CaptureRole::kPost;
  capture.metadata.body = BodyKind::kFile;
  capture.metadata.link = url;
  auto post = OnlyPost((*pipeline)->Run(capture));
  if (!post) {
    return std::unexpected(post.error());
  }
  return MakeEvent(*post, Sequenced{}, post->category.slug, kMaxEventBytes).value;
}

Result<std::string> Inspector::InspectWarc(const InspectRequest& request) {
  std::ostringstream records, problems;
  const int status = archive::InspectWarc(
      request.file == "-" ? "/dev/stdin" : std::filesystem::path(request.file), records, problems);
  const std::vector<std::string> damage = LinesOf(problems.str());
  if (status == archive::kCannotRead || (records.view().empty() && !damage.empty())) {
    return Fail(ErrorKind::kMalformed,
                damage.empty() ? request.file + ": holds no record" : damage.front());
  }
  std::string out;
  text::JsonWriter json(out);
  json.BeginObject().Key("records").BeginArray();
  for (const std::string& record : LinesOf(records.str())) {
    json.Raw(record);
  }
  json.EndArray();
  if (!damage.empty()) {
    json.Key("damaged").BeginArray();
    for (const std::string& line : damage) {
      json.String(line);
    }
    json.EndArray();
  }
  json.EndObject();
  return out;
}

Result<std::string> Inspector::Inspect(const InspectRequest& request, std::istream& in) {
  const bool is_sitemap = request.kind == "sitemap", is_robots = request.kind == "robots";
  const bool is_feed = request.kind == "feed", is_page = request.kind == "page";
  const bool is_post = request.kind == "post";
  if (request.kind == "warc") {
    return InspectWarc(request);
  }
  if (!is_sitemap && !is_robots && !is_feed && !is_page && !is_post) {
    return NoSuchKind(request.kind);
  }
  if (is_robots && (request.url.empty() || request.agent.empty())) {
    return Fail(ErrorKind::kConfig, "robots: say who asks for what (--agent, --url)");
  }
  auto bytes = ReadInput(request.file, in,
                         is_sitemap             ? kMaxSitemapBytes
                         : is_feed || is_robots ? kMaxFeedBytes
                                                : kMaxPostBytes);
  if (!bytes) {
    return std::unexpected(bytes.error());
  }
  Result<std::string> answer;
  if (is_page) {
    answer = InspectPage(request, *std::move(bytes));
  } else if (is_post) {
    answer = InspectPost(request, *std::move(bytes));
  } else if (is_robots) {
    answer = formats::RobotsToJson(formats::Robots::Parse(*bytes), request.agent, request.url);
  } else if (is_sitemap) {
    const auto sitemap = formats::ParseSitemap(*bytes, request.url);
    answer = sitemap ? formats::SitemapToJson(*sitemap)
                     : Result<std::string>(std::unexpected(sitemap.error()));
  } else {
    const auto feed = formats::ParseFeed(*bytes, request.content_type, request.url);
    answer = feed ? formats::FeedToJson(*feed) : Result<std::string>(std::unexpected(feed.error()));
  }
  if (!answer) {
    return WithContext(answer.error(), request.file == "-" ? "standard input" : request.file);
  }
  return answer;
}

int RunInspect(const InspectRequest& request, std::istream& in, std::ostream& out,
               std::ostream& err, const Clock& clock) {
  if (request.kind == "warc") {  // record by record: a file may be large
    const int status = archive::InspectWarc(
        request.file == "-" ? "/dev/stdin" : std::filesystem::path(request.file), out, err);
    return status == kExitOk ? kExitOk : kExitFailed;
  }
  const auto answer = Inspector(clock).Inspect(request, in);
  if (!answer) {
    err << "newswired inspect: " << answer.error().message << '\n';
    return answer.error().kind == ErrorKind::kConfig ? kExitUsage : kExitFailed;
  }
  out << *answer << '\n';
  return kExitOk;
}

int RunInspectBatch(std::istream& in, std::ostream& out, const Clock& clock) {
  Inspector inspector(clock);
  std::string line;
  bool too_long = false;
  while (ReadLine(in, line, too_long)) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      continue;
    }
    Result<std::string> answer;
    if (too_long) {
      answer =
          Fail(ErrorKind::kConfig, fmt::format("request: longer than {} bytes", kMaxRequestBytes));
    } else if (const auto request = ParseRequest(line); request) {
      answer = inspector.Inspect(*request, in);
    } else {
      answer = std::unexpected(request.error());
    }
    out << (answer ? *answer : ErrorJson(answer.error().message)) << '\n' << std::flush;
    if (!out) {
      return kExitFailed;  // the reader went away
    }
  }
  return kExitOk;
}

}  // namespace newswire::commands
