// SPDX-License-Identifier: Apache-2.0
// An independent reader and writer of WARC files (the library jwarc) for tests of Newswire's own.
//   Interop read FILE     a line per record: type, id, target or -, digest of the block, of the payload
//                         (right, wrong or -); exit 1 when one is wrong
//   Interop write FOLDER  plain.warc, members.warc.gz (one record a member), whole.warc.gz (one member),
//                         ccnews.warc.gz (warcinfo; request, response, metadata of each page)
import java.io.OutputStream;
import java.net.URI;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.netpreserve.jwarc.*;

public class Interop {
  public static void main(String[] args) throws Exception {
    if (args[0].equals("read")) {
      System.exit(read(Path.of(args[1])) ? 0 : 1);
    }
    write(Path.of(args[1]));
  }

  static boolean read(Path file) throws Exception {
    boolean right = true;
    try (WarcReader reader = new WarcReader(file)) {
      reader.calculateBlockDigest();
      for (Optional<WarcRecord> next = reader.next(); next.isPresent(); next = reader.next()) {
        WarcRecord record = next.get();
        String target = "-";
        String payload = "-";
        if (record instanceof WarcTargetRecord) {
          WarcTargetRecord targeted = (WarcTargetRecord) record;
          target = record.headers().first("WARC-Target-URI").orElse("-");
          Optional<WarcDigest> wanted = targeted.payloadDigest();
          if (wanted.isPresent() && !(record instanceof WarcRevisit)) {
            Optional<WarcPayload> body = targeted.payload();
            payload = body.isPresent() ? compare(wanted.get(), digest(body.get().body())) : "wrong";
          }
        }
        record.body().consume();
        String block = record.blockDigest().isPresent()
            ? compare(record.blockDigest().get(), record.calculatedBlockDigest().get()) : "-";
        right &= !block.equals("wrong") && !payload.equals("wrong");
        System.out.println(String.join(" ", record.type(), record.id().toString(), target, block, payload));
      }
    }
    return right;
  }

  static WarcDigest digest(MessageBody body) throws Exception {
    MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
    byte[] bytes = body.stream().readAllBytes();
    sha1.update(bytes);
    return new WarcDigest(sha1);
  }

  static String compare(WarcDigest wanted, WarcDigest got) {
    return wanted.hex().equalsIgnoreCase(got.hex()) ? "right" : "wrong";
  }

  static URI page(int n) {
    return URI.create("https://news.example/" + n + ".html");
  }

  // Pages 0 and 1; page 1 is sent in chunks.
  static WarcResponse response(int n) throws Exception {
    byte[] http = (n == 0
        ? "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<p>page 0</p>"
        : "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "6\r\n<p>pag\r\n7\r\ne 1</p>\r\n0\r\n\r\n").getBytes("UTF-8");
    return new WarcResponse.Builder(page(n))
        .date(Instant.parse("2022-04-19T02:45:3" + n + "Z"))
        .body(MediaType.HTTP_RESPONSE, http)
        .build();
  }

  static void all(WarcWriter writer, boolean withRequests) throws Exception {
    writer.write(new Warcinfo.Builder().date(Instant.parse("2022-04-19T02:45:00Z"))
        .fields(Map.of("software", List.of("jwarc"), "format", List.of("WARC File Format 1.0"))).build());
    for (int n = 0; n < 2; n++) {
      WarcResponse response = response(n);
      if (withRequests) {
        writer.write(new WarcRequest.Builder(page(n)).date(response.date()).concurrentTo(response.id())
            .body(MediaType.HTTP_REQUEST, ("GET /" + n + ".html HTTP/1.1\r\nHost: news.example\r\n\r\n")
                .getBytes("UTF-8")).build());
      }
      writer.write(response);
      if (withRequests) {
        writer.write(new WarcMetadata.Builder().targetURI(page(n)).date(response.date())
            .concurrentTo(response.id()).fields(Map.of("fetchTimeMs", List.of("42"))).build());
      }
    }
    writer.write(new WarcResource.Builder(URI.create("file:///posts/1.md"))
        .date(Instant.parse("2022-04-19T02:45:40Z"))
        .body(MediaType.parse("text/markdown"), "---\ntitle: T\n---\ntext\n".getBytes("UTF-8")).build());
    writer.write(new WarcRevisit.Builder(page(0), WarcRevisit.IDENTICAL_PAYLOAD_DIGEST_1_1)
        .date(Instant.parse("2022-04-19T02:45:50Z"))
        .refersTo(response(0).id(), page(0), Instant.parse("2022-04-19T02:45:30Z"))
        .body(MediaType.HTTP_RESPONSE, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n".getBytes("UTF-8"))
        .build());
  }

  static void write(Path folder) throws Exception {
    Path plain = folder.resolve("plain.warc");
    try (WarcWriter writer = new WarcWriter(Channels.newChannel(Files.newOutputStream(plain)), WarcCompression.NONE)) {
      all(writer, false);
    }
    try (OutputStream whole = new GZIPOutputStream(Files.newOutputStream(folder.resolve("whole.warc.gz")))) {
      Files.copy(plain, whole);
    }
    for (String name : List.of("members", "ccnews")) {
      Path file = folder.resolve(name + ".warc.gz");
      try (WarcWriter writer = new WarcWriter(Channels.newChannel(Files.newOutputStream(file)), WarcCompression.GZIP)) {
        all(writer, name.equals("ccnews"));
      }
    }
  }
}
