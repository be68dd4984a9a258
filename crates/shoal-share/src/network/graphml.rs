//! `GraphML`.

use std::io;

use quick_xml::events::BytesText;
use shoal_model::AlertTie;

use super::graph::{AlertNetwork, EDGE_ATTRIBUTES, NODE_ATTRIBUTES, NetworkNode, NodeRole, known_of};
use super::xml::{Xml, document, visible};
use crate::FormatFacts;

const NAMESPACE: &str = "http://graphml.graphdrawing.org/xmlns";
const SCHEMA: &str = "http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd";

/// Names and types of the attributes of the network as a whole.
const GRAPH_ATTRIBUTES: [(&str, &str); 11] = [
    ("alert_id", "string"),
    ("revision", "long"),
    ("state", "string"),
    ("raised_at", "string"),
    ("description", "string"),
    ("ties", "long"),
    ("ties_shown", "long"),
    ("group", "long"),
    ("group_shown", "long"),
    ("context", "long"),
    ("context_shown", "long"),
];

pub(super) const FACTS: FormatFacts = FormatFacts {
    name: "graphml",
    title: "GraphML",
    purpose: "for networkx, igraph and others",
    media_type: "application/graphml+xml",
    extension: "graphml",
};

/// A network as `GraphML`.
pub(super) fn write(network: &AlertNetwork<'_>) -> io::Result<String> {
    document(|xml| write_root(xml, network))
}

fn write_root(xml: &mut Xml, network: &AlertNetwork<'_>) -> io::Result<()> {
    let root = xml.create_element("graphml").with_attributes([
        ("xmlns", NAMESPACE),
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
        ("xsi:schemaLocation", SCHEMA),
    ]);
    root.write_inner_content(|xml| {
        keys(xml, "graph", &GRAPH_ATTRIBUTES)?;
        keys(xml, "node", &[("label", "string")])?;
        keys(xml, "node", &NODE_ATTRIBUTES)?;
        keys(xml, "edge", &[("weight", "double")])?;
        keys(xml, "edge", &EDGE_ATTRIBUTES)?;
        let graph = xml.create_element("graph").with_attribute(("edgedefault", "undirected"));
        graph.write_inner_content(|xml| {
            known_of_graph(network).iter().try_for_each(|(name, value)| data(xml, "graph", name, value))?;
            network.nodes.iter().try_for_each(|node| write_node(xml, node))?;
            network.edges.iter().enumerate().try_for_each(|(number, tie)| write_edge(xml, number, tie))
        })?;
        Ok(())
    })?;
    Ok(())
}

/// Values of the network as a whole, by the names of [`GRAPH_ATTRIBUTES`].
fn known_of_graph(network: &AlertNetwork<'_>) -> [(&'static str, String); 11] {
    let alert = network.alert;
    let (ties, group, context) =
        (network.ties(), network.accounts(NodeRole::Group), network.accounts(NodeRole::Context));
    [
        ("alert_id", alert.alert_id.clone()),
        ("revision", alert.revision.to_string()),
        ("state", alert.state.name().to_owned()),
        ("raised_at", alert.raised_at.to_string()),
        ("description", network.description()),
        ("ties", ties.of.to_string()),
        ("ties_shown", ties.shown.to_string()),
        ("group", group.of.to_string()),
        ("group_shown", group.shown.to_string()),
        ("context", context.of.to_string()),
        ("context_shown", context.shown.to_string()),
    ]
}

/// Declares the attributes of graphs, nodes or edges.
fn keys(xml: &mut Xml, class: &str, all: &[(&str, &str)]) -> io::Result<()> {
    for (name, kind) in all {
        let id = key(class, name);
        let attributes = [("id", id.as_str()), ("for", class), ("attr.name", name), ("attr.type", kind)];
        xml.create_element("key").with_attributes(attributes).write_empty()?;
    }
    Ok(())
}

/// The id of a key: accounts and ties both have `objects`.
fn key(class: &str, name: &str) -> String {
    format!("{class}-{name}")
}

fn data(xml: &mut Xml, class: &str, name: &str, value: &str) -> io::Result<()> {
    let element = xml.create_element("data").with_attribute(("key", key(class, name).as_str()));
    element.write_text_content(BytesText::new(&visible(value)))?;
    Ok(())
}

fn write_node(xml: &mut Xml, node: &NetworkNode<'_>) -> io::Result<()> {
    let element = xml.create_element("node").with_attribute(("id", &*visible(node.id)));
    element.write_inner_content(|xml| {
        data(xml, "node", "label", node.id)?;
        node.known().iter().try_for_each(|(name, value)| data(xml, "node", name, value))
    })?;
    Ok(())
}

fn write_edge(xml: &mut Xml, number: usize, tie: &AlertTie) -> io::Result<()> {
    let [source, target] = [0, 1].map(|end| visible(&tie.accounts[end]));
    let id = format!("e{number}");
    let attributes = [("id", id.as_str()), ("source", &source), ("target", &target)];
    xml.create_element("edge").with_attributes(attributes).write_inner_content(|xml| {
        data(xml, "edge", "weight", &tie.objects.to_string())?;
        known_of(tie).iter().try_for_each(|(name, value)| data(xml, "edge", name, value))
    })?;
    Ok(())
}
