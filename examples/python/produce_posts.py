"""Writes posts to a topic that Shoal reads.

Reads NDJSON, one post a line, from a file or standard input, and produces each line as it is: with its account as
the key and the schema in a header. A line that is no post is produced too, without a key: Shoal keeps it as a dead
letter that says why. Ends with 1 when a record did not reach the brokers.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import BinaryIO

from confluent_kafka import KafkaError, Message, Producer

from connection import add_options, properties

HEADERS = [("shoal-schema", b"post.v1")]

# Nothing lost, nothing doubled, nothing out of order on the way to the brokers.
SAFE = {"enable.idempotence": "true", "acks": "all"}


class Deliveries:
    """What became of the records."""

    def __init__(self) -> None:
        self.written = 0
        self.failed = 0

    def record(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self.written += 1
        else:
            self.failed += 1
            print(f"not written to {message.topic()}: {error}", file=sys.stderr)


def key_of(line: bytes) -> bytes | None:
    """The account, as Shoal names it: the posts of one account stay together and in order."""
    try:
        post = json.loads(line)
        return f"{post['platform']}:{post['author']}".encode()
    except (ValueError, KeyError, TypeError):
        return None


def produce(producer: Producer, topic: str, lines: BinaryIO) -> Deliveries:
    deliveries = Deliveries()
    for line in lines:
        value = line.strip()
        if not value:
            continue
        key = key_of(value)
        while True:
            try:
                producer.produce(topic, value=value, key=key, headers=HEADERS, on_delivery=deliveries.record)
                break
            except BufferError:
                # Too many on their way: wait until some have arrived.
                producer.poll(1.0)
        producer.poll(0)
    producer.flush()
    return deliveries


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes posts (NDJSON) to a Kafka topic that Shoal reads.")
    parser.add_argument("file", nargs="?", type=argparse.FileType("rb"), default=sys.stdin.buffer, metavar="FILE",
                        help="posts, one a line; default: standard input")
    parser.add_argument("--topic", default="posts", help="default: posts")
    add_options(parser)
    options = parser.parse_args()

    producer = Producer(properties(options, SAFE))
    deliveries = produce(producer, options.topic, options.file)
    print(f"{deliveries.written} written, {deliveries.failed} not written")
    return 1 if deliveries.failed else 0


if __name__ == "__main__":
    sys.exit(main())
