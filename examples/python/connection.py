"""How to reach a Kafka cluster: what both examples share."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bootstrap", metavar="HOST:PORT", help="a broker to ask first; default: 127.0.0.1:9092")
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="properties of librdkafka, NAME=VALUE a line, such as security.protocol=SASL_SSL",
    )


def client_config(options: argparse.Namespace, default: dict[str, str], own: dict[str, str]) -> dict[str, Any]:
    """What a client is made with: defaults, then the file's properties, then what may not be changed."""
    config: dict[str, Any] = {"bootstrap.servers": "127.0.0.1:9092", **default}
    if options.config is not None:
        config.update(read_properties(options.config))
    if options.bootstrap is not None:
        config["bootstrap.servers"] = options.bootstrap
    return {**config, **own, "error_cb": complain}


def read_properties(path: Path) -> dict[str, str]:
    """Reads NAME=VALUE lines. Blank lines and those that begin with # say nothing."""
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, separator, value = line.partition("=")
        if not separator:
            # The line is not repeated: it may hold a password.
            raise SystemExit(f"{path}:{number}: write NAME=VALUE")
        found[name.strip()] = value.strip()
    return found


def complain(error: KafkaError) -> None:
    """Brokers that are away, or do not let us in, are heard of here only; the client tries again."""
    print(f"warning: {error.str()}", file=sys.stderr)
