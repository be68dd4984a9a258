"""Writes posts to a topic that Shoal reads.

Reads NDJSON, one post a line, from a file or standard input, and produces each line as it is: with its account as
the key and its schema in a header. A line that is no post is produced too, without a key: Shoal keeps it as a dead
letter that says why. Ends with 1 when a record did not reach the brokers.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import BinaryIO

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connection import add_options, client_config

HEADERS: list[tuple[str, str | bytes | None]] = [("shoal-schema", "post.v1")]

# Nothing is lost, doubled or turned around on its way to the brokers.
SAFE = {"enable.idempotence": "true", "acks": "all"}


class Deliveries:
    """What became of the records."""

    def __init__(self) -> None:
        self.written = 0
        self.errors: Counter[str] = Counter()

    def record(self, error: KafkaError | None, _message: Message) -> None:
        if error is None:
            self.written += 1
        else:
            self.fail(error)

    def fail(self, error: KafkaError) -> None:
        self.errors[error.str()] += 1


def key_of(line: bytes) -> bytes | None:
    """The account, as Shoal names it: the posts of an account stay together, in their order."""
    try:
        post = json.loads(line)
        return f"{post['platform']}:{post['author']}".encode()
    except (ValueError, LookupError, TypeError):
        return None


def produce(producer: Producer, topic: str, line: bytes, deliveries: Deliveries) -> None:
    """Hands a line over to the client, which sends it when it likes."""
    while True:
        try:
            producer.produce(topic, value=line, key=key_of(line), headers=HEADERS, on_delivery=deliveries.record)
            return
        except BufferError:
            # Too many are on their way: wait until some have arrived.
            producer.poll(1.0)
        except KafkaException as failure:
            deliveries.fail(failure.args[0])
            return


def produce_all(producer: Producer, topic: str, lines: BinaryIO) -> Deliveries:
    deliveries = Deliveries()
    for line in lines:
        if line.strip():
            produce(producer, topic, line.strip(), deliveries)
        producer.poll(0)
    producer.flush()
    return deliveries


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes posts (NDJSON) to a Kafka topic that Shoal reads.")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="one post a line; default: standard input")
    parser.add_argument("--topic", default="posts", help="default: posts")
    add_options(parser)
    options = parser.parse_args()

    producer = Producer(client_config(options, default={}, own=SAFE))
    with sys.stdin.buffer if options.file is None else options.file.open("rb") as lines:
        deliveries = produce_all(producer, options.topic, lines)
    print(f"{deliveries.written} written, {deliveries.errors.total()} not written")
    for error, count in deliveries.errors.items():
        print(f"{count} not written: {error}", file=sys.stderr)
    return 1 if deliveries.errors else 0


if __name__ == "__main__":
    sys.exit(main())
