"""Keeps the alerts of a topic in a SQLite database, and prints a line for each that is new or has changed.

Alerts are written by (alert_id, revision): one that comes again replaces itself. How far the topic was read is kept
in the same transaction, so a program that was stopped or killed goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from connection import add_options, properties

SCHEMA = b"alert.v1"

TABLES = """
CREATE TABLE IF NOT EXISTS alerts (
    alert_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    state TEXT NOT NULL,
    alert TEXT NOT NULL,
    PRIMARY KEY (alert_id, revision)
);
CREATE TABLE IF NOT EXISTS positions (
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    next INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)
);
"""

UPSERT = """
INSERT INTO alerts VALUES (?, ?, ?, ?, ?)
ON CONFLICT (alert_id, revision) DO UPDATE SET epoch = excluded.epoch, state = excluded.state, alert = excluded.alert
WHERE (epoch, alert) <> (excluded.epoch, excluded.alert)
"""

# Positions are in the database, so nothing is committed to Kafka. The client asks for the name of a group even so.
OWN = {
    "enable.auto.commit": "false",
    "enable.auto.offset.store": "false",
    "auto.offset.reset": "error",
    "enable.partition.eof": "true",
}


def printable(text: str) -> str:
    """Parts of alerts come from strangers: nothing in them may move the cursor."""
    return "".join(symbol if symbol.isprintable() else "?" for symbol in text)


def complain(error: KafkaError) -> None:
    """Brokers that are away, or do not let us in, are heard of here only; the client tries again."""
    print(f"warning: {error}", file=sys.stderr)


def assign(consumer: Consumer, database: sqlite3.Connection, topic: str) -> list[TopicPartition]:
    """Starts to read every partition of the topic where it was left."""
    found = consumer.list_topics(topic, timeout=30).topics[topic]
    if found.error is not None:
        raise KafkaException(found.error)
    known = dict(database.execute("SELECT partition, next FROM positions WHERE topic = ?", (topic,)).fetchall())
    partitions = [TopicPartition(topic, number, known.get(number, OFFSET_BEGINNING)) for number in found.partitions]
    consumer.assign(partitions)
    return partitions


def upsert(database: sqlite3.Connection, message: Message) -> None:
    headers = dict(message.headers() or [])
    place = f"{message.topic()}/{message.partition()} offset {message.offset()}"
    if headers.get("shoal-schema") != SCHEMA:
        raise SystemExit(f"{place}: not an alert of version 1: {headers.get('shoal-schema')!r}")
    value = message.value() or b""
    alert = json.loads(value)
    epoch = (headers.get("shoal-epoch") or b"").decode()
    row = (alert["alert_id"], alert["revision"], epoch, alert["state"], value.decode())
    if database.execute(UPSERT, row).rowcount > 0:
        accounts = len(alert["observed"]["accounts"])
        summary = printable(alert["summary"])
        print(alert["alert_id"], alert["revision"], alert["state"], accounts, summary, sep="\t")


def consume(consumer: Consumer, database: sqlite3.Connection, topic: str, until_end: bool) -> None:
    partitions = assign(consumer, database, topic)
    ended: set[int] = set()
    while not (until_end and len(ended) == len(partitions)):
        with database:
            for message in consumer.consume(500, timeout=1.0):
                error = message.error()
                if error is None:
                    upsert(database, message)
                    position = (topic, message.partition(), message.offset() + 1)
                    database.execute("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)", position)
                elif error.code() == KafkaError._PARTITION_EOF:
                    ended.add(message.partition())
                else:
                    raise KafkaException(error)
        sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description="Keeps the alerts of a Kafka topic in a SQLite database.")
    parser.add_argument("--topic", default="alerts", help="default: alerts")
    parser.add_argument("--database", default="alerts.db", metavar="FILE", help="default: alerts.db")
    parser.add_argument("--until-end", action="store_true", help="end when everything there is has been read")
    add_options(parser)
    options = parser.parse_args()

    database = sqlite3.connect(options.database)
    database.executescript(TABLES)
    consumer = Consumer({"group.id": "shoal-alerts-example", **properties(options, OWN)}, error_cb=complain)
    try:
        consume(consumer, database, options.topic, options.until_end)
    except KeyboardInterrupt:
        pass
    finally:
        consumer.close()
        database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
