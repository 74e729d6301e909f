#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Validates events (JSON Lines on standard input) against the schema named by the argument.

Prints the first problem of each bad line and exits with 1; exits with 77 when the jsonschema
package is not installed."""
import json
import sys

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(77)

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
# oneOf hides the reason: the type tells which part is meant.
parts = {"post.removed": "removal", "post.dead_letter": "dead_letter"}
bad = count = 0
for number, line in enumerate(sys.stdin, 1):
    count += 1
    event = json.loads(line)
    if validator.is_valid(event):
        continue
    bad += 1
    part = parts.get(event.get("type"), "post")
    narrow = jsonschema.Draft202012Validator(
        {"$defs": schema["$defs"], "$ref": "#/$defs/" + part})
    for error in narrow.iter_errors(event):
        print(f"line {number}: /{'/'.join(map(str, error.path))}: {error.message[:300]}")
        break
print(f"{count} events, {bad} invalid")
sys.exit(1 if bad or not count else 0)
