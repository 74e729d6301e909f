# SPDX-License-Identifier: Apache-2.0
"""Reads a .warc.gz of one member a record with Python's own zlib and checks it by the WARC
standard: prints offset, type and id of each record; fails at the first thing that is wrong."""
import base64
import hashlib
import sys
import zlib

data = open(sys.argv[1], "rb").read()
offset = 0
while offset < len(data):
    inflater = zlib.decompressobj(31)
    record = inflater.decompress(data[offset:])
    assert inflater.eof, f"member at {offset} has no end"
    head, rest = record.split(b"\r\n\r\n", 1)
    lines = head.decode("utf-8").split("\r\n")
    assert lines[0] == "WARC/1.1", lines[0]
    fields = dict(line.split(": ", 1) for line in lines[1:])
    length = int(fields["Content-Length"])
    block = rest[:length]
    assert rest[length:] == b"\r\n\r\n", f"record at {offset} does not end as it should"

    def digest(data):
        return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()

    assert fields["WARC-Block-Digest"] == digest(block)
    if fields["WARC-Type"] == "response":
        assert fields["WARC-Payload-Digest"] == digest(block.split(b"\r\n\r\n", 1)[1])
    for name in ("WARC-Record-ID", "WARC-Date", "Content-Type"):
        assert fields[name]
    print(offset, fields["WARC-Type"], fields["WARC-Record-ID"].strip("<>"))
    offset = len(data) - len(inflater.unused_data)
