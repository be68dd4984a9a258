"""Reads what shoal-share wrote with the tools that it is meant for, and prints what they found as JSON, a line a file.

read.py networks FILE...   by networkx; .gexf or .graphml
read.py tables FILE...     by Python's csv
"""

import csv
import json
import re
import sys

ESCAPE = re.compile(r"\\(?:u\{([0-9a-f]+)\}|(.))", re.DOTALL)
LETTERS = {"n": "\n", "r": "\r", "t": "\t"}
FORMULA = re.compile("'+[=+\\-@＝＋－＠\t\r\n]")


def plain(text):
    """An id or a text as it was before it was made fit for XML."""
    return ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else LETTERS.get(found[2], found[2]), text)


def unguarded(field):
    """A field as it was before it was made fit for spreadsheets."""
    return field[1:] if FORMULA.match(field) else field


def network(path):
    import networkx

    graph = networkx.read_gexf(path) if path.endswith(".gexf") else networkx.read_graphml(path)
    assert type(graph) is networkx.Graph, type(graph)
    nodes = {}
    for node, known in graph.nodes(data=True):
        assert known.pop("label") == node
        nodes[plain(node)] = known
    edges = []
    for source, target, known in graph.edges(data=True):
        known.pop("id", None)
        edges.append([sorted([plain(source), plain(target)]), known])
    about = {name: value for name, value in graph.graph.items() if name not in ("mode", "edge_default", "node_default")}
    return {"nodes": nodes, "edges": edges, "graph": about}


def table(path):
    with open(path, encoding="utf-8", newline="") as file:
        return [[unguarded(field) for field in row] for row in csv.reader(file, strict=True)]


read = {"networks": network, "tables": table}[sys.argv[1]]
for path in sys.argv[2:]:
    print(json.dumps(read(path)))
