//! GEXF 1.3.

use std::io;

use quick_xml::events::BytesText;
use shoal_model::AlertTie;

use super::graph::{AlertNetwork, EDGE_ATTRIBUTES, NODE_ATTRIBUTES, NetworkNode, known_of};
use super::xml::{Xml, document, visible};
use crate::FormatFacts;

const NAMESPACE: &str = "http://gexf.net/1.3";
const SCHEMA: &str = "http://gexf.net/1.3 http://gexf.net/1.3/gexf.xsd";

pub(super) const FACTS: FormatFacts = FormatFacts {
    name: "gexf",
    title: "GEXF",
    purpose: "for Gephi",
    media_type: "application/gexf+xml",
    extension: "gexf",
};

/// A network as GEXF 1.3.
pub(super) fn write(network: &AlertNetwork<'_>) -> io::Result<String> {
    document(|xml| write_root(xml, network))
}

fn write_root(xml: &mut Xml, network: &AlertNetwork<'_>) -> io::Result<()> {
    let root = xml.create_element("gexf").with_attributes([
        ("xmlns", NAMESPACE),
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
        ("xsi:schemaLocation", SCHEMA),
        ("version", "1.3"),
    ]);
    root.write_inner_content(|xml| {
        meta(xml, network)?;
        let graph =
            xml.create_element("graph").with_attributes([("mode", "static"), ("defaultedgetype", "undirected")]);
        graph.write_inner_content(|xml| {
            attributes(xml, "node", &NODE_ATTRIBUTES)?;
            attributes(xml, "edge", &EDGE_ATTRIBUTES)?;
            let all = xml.create_element("nodes").with_attribute(("count", network.nodes.len().to_string().as_str()));
            all.write_inner_content(|xml| network.nodes.iter().try_for_each(|node| write_node(xml, node)))?;
            let all = xml.create_element("edges").with_attribute(("count", network.edges.len().to_string().as_str()));
            all.write_inner_content(|xml| {
                network.edges.iter().enumerate().try_for_each(|(number, tie)| write_edge(xml, number, tie))
            })?;
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

fn meta(xml: &mut Xml, network: &AlertNetwork<'_>) -> io::Result<()> {
    let raised = network.alert.raised_at.to_string();
    let day = raised.split('T').next().unwrap_or_default();
    let meta = xml.create_element("meta").with_attribute(("lastmodifieddate", day));
    meta.write_inner_content(|xml| {
        let version = &network.alert.provenance.version;
        let creator = format!("Shoal {version}");
        xml.create_element("creator").write_text_content(BytesText::new(&visible(&creator)))?;
        xml.create_element("description").write_text_content(BytesText::new(&visible(&network.description())))?;
        Ok(())
    })?;
    Ok(())
}

/// Declares the attributes of nodes or edges.
fn attributes(xml: &mut Xml, class: &str, all: &[(&str, &str)]) -> io::Result<()> {
    let element = xml.create_element("attributes").with_attributes([("class", class), ("mode", "static")]);
    element.write_inner_content(|xml| {
        for (name, kind) in all {
            let attributes = [("id", *name), ("title", name), ("type", kind)];
            xml.create_element("attribute").with_attributes(attributes).write_empty()?;
        }
        Ok(())
    })?;
    Ok(())
}

fn write_node(xml: &mut Xml, node: &NetworkNode<'_>) -> io::Result<()> {
    let id = visible(node.id);
    let element = xml.create_element("node").with_attributes([("id", &*id), ("label", &*id)]);
    element.write_inner_content(|xml| values(xml, &node.known()))?;
    Ok(())
}

fn write_edge(xml: &mut Xml, number: usize, tie: &AlertTie) -> io::Result<()> {
    let [source, target] = [0, 1].map(|end| visible(&tie.accounts[end]));
    let (number, weight) = (number.to_string(), tie.objects.to_string());
    let element = xml.create_element("edge").with_attributes([
        ("id", number.as_str()),
        ("source", &source),
        ("target", &target),
        ("weight", &weight),
    ]);
    element.write_inner_content(|xml| values(xml, &known_of(tie)))?;
    Ok(())
}

/// Writes known values, by name.
fn values(xml: &mut Xml, all: &[(&str, String)]) -> io::Result<()> {
    let element = xml.create_element("attvalues");
    element.write_inner_content(|xml| {
        for (name, value) in all {
            let attributes = [("for", *name), ("value", value)];
            xml.create_element("attvalue").with_attributes(attributes).write_empty()?;
        }
        Ok(())
    })?;
    Ok(())
}
