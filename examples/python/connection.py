"""How to reach a Kafka cluster: the options that both examples share."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bootstrap", metavar="HOST:PORT", help="a broker to ask first; default: 127.0.0.1:9092")
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="properties of librdkafka, NAME=VALUE a line, such as security.protocol=SASL_SSL",
    )


def properties(options: argparse.Namespace, own: dict[str, str]) -> dict[str, str]:
    """What a client is made with: the file's properties, replaced by `own` and by what the command line says."""
    found = {"bootstrap.servers": "127.0.0.1:9092"}
    if options.config is not None:
        found.update(read_properties(options.config))
    if options.bootstrap is not None:
        found["bootstrap.servers"] = options.bootstrap
    return {**found, **own}


def read_properties(path: Path) -> dict[str, str]:
    """Reads NAME=VALUE lines. Blank lines and those that begin with # say nothing."""
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, separator, value = line.partition("=")
        if not separator:
            # The line itself may hold a password.
            raise SystemExit(f"{path}:{number}: write NAME=VALUE")
        found[name.strip()] = value.strip()
    return found
