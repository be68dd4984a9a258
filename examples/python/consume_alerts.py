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

from connection import add_options, client_config

SCHEMA = "alert.v2"

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

# No group is joined. The client asks for the name of one even so.
GROUP = {"group.id": "shoal-alerts-example"}

# Positions are in the database: the client commits nothing and never begins somewhere on its own.
OWN = {
    "enable.auto.commit": "false",
    "enable.auto.offset.store": "false",
    "auto.offset.reset": "error",
    "enable.partition.eof": "true",
}


def printable(text: str) -> str:
    """Parts of alerts come from strangers: nothing in them may move the cursor."""
    return "".join(symbol if symbol.isprintable() else "?" for symbol in text)


def assign(consumer: Consumer, database: sqlite3.Connection, topic: str) -> int:
    """Begins to read every partition of the topic where it was left; gives how many there are."""
    found = consumer.list_topics(topic, timeout=30).topics[topic]
    if found.error is not None:
        raise KafkaException(found.error)
    known = dict(database.execute("SELECT partition, next FROM positions WHERE topic = ?", (topic,)).fetchall())
    partitions = [TopicPartition(topic, number, known.get(number, OFFSET_BEGINNING)) for number in found.partitions]
    consumer.assign(partitions)
    return len(partitions)


def header(message: Message, name: str) -> str:
    value = dict(message.headers() or []).get(name)
    return value.decode() if isinstance(value, bytes) else ""


def upsert(database: sqlite3.Connection, message: Message) -> None:
    schema = header(message, "shoal-schema")
    if schema != SCHEMA:
        place = f"{message.topic()}/{message.partition()} at offset {message.offset()}"
        raise SystemExit(f"{place}: this reads {SCHEMA}, not {schema!r}")
    value = message.value() or b""
    alert = json.loads(value)
    row = (alert["alert_id"], alert["revision"], header(message, "shoal-epoch"), alert["state"], value.decode())
    if database.execute(UPSERT, row).rowcount > 0:
        accounts = len(alert["observed"]["accounts"])
        print(alert["alert_id"], alert["revision"], alert["state"], accounts, printable(alert["summary"]), sep="\t")


def consume(consumer: Consumer, database: sqlite3.Connection, topic: str, until_end: bool) -> None:
    partitions = assign(consumer, database, topic)
    ended: set[int | None] = set()
    while not (until_end and len(ended) == partitions):
        with database:
            for message in consumer.consume(500, timeout=0.2):
                error = message.error()
                if error is None:
                    upsert(database, message)
                    position = (topic, message.partition(), message.offset())
                    database.execute("INSERT OR REPLACE INTO positions VALUES (?, ?, ? + 1)", position)
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
    consumer = Consumer(client_config(options, default=GROUP, own=OWN))
    try:
        consume(consumer, database, options.topic, options.until_end)
    except KeyboardInterrupt:
        pass
    except KafkaException as failure:
        raise SystemExit(f"{options.topic}: {failure.args[0].str()}") from failure
    finally:
        consumer.close()
        database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
