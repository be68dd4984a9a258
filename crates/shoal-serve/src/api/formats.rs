//! Formats that files are asked for in: the parameter `format`, and the file as an answer.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Deserializer};
use shoal_share::{FileFormat, FormatFacts, NetworkFormat, TableFormat};
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};

use crate::params;

/// The name of evidence as the index gives it.
const JSON: &str = "json";

/// A table in one of the formats of tables.
#[derive(Debug, Deserialize)]
pub(super) struct TableFile {
    #[serde(deserialize_with = "named")]
    pub(super) format: TableFormat,
}

/// A network in one of the formats of networks.
#[derive(Debug, Deserialize)]
pub(super) struct NetworkFile {
    #[serde(deserialize_with = "named")]
    pub(super) format: NetworkFormat,
}

/// Evidence as JSON, or as a table.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EvidenceFile {
    #[serde(deserialize_with = "json_or_table")]
    pub(super) format: Option<TableFormat>,
}

impl IntoParams for TableFile {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![parameter(names::<TableFormat>(), "Formats of tables.", Required::True)]
    }
}

impl IntoParams for NetworkFile {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![parameter(names::<NetworkFormat>(), "Formats of networks.", Required::True)]
    }
}

impl IntoParams for EvidenceFile {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![parameter(with_json(), "Formats of evidence.", Required::False)]
    }
}

fn parameter(names: Vec<&'static str>, description: &str, required: Required) -> Parameter {
    let schema = params::names(names).description(Some(description)).build();
    ParameterBuilder::new()
        .name("format")
        .parameter_in(ParameterIn::Query)
        .required(required)
        .description(Some("In which format."))
        .schema(Some(schema))
        .build()
}

/// Names of formats, in the order in which they are offered.
fn names<F: FileFormat>() -> Vec<&'static str> {
    F::ALL.iter().map(|format| format.facts().name).collect()
}

fn with_json() -> Vec<&'static str> {
    std::iter::once(JSON).chain(names::<TableFormat>()).collect()
}

fn named<'de, D: Deserializer<'de>, F: FileFormat>(deserializer: D) -> Result<F, D::Error> {
    let text = String::deserialize(deserializer)?;
    F::named(&text).ok_or_else(|| unknown(&text, &names::<F>()))
}

/// A table, or `None` for JSON.
fn json_or_table<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TableFormat>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text == JSON {
        return Ok(None);
    }
    TableFormat::named(&text).map(Some).ok_or_else(|| unknown(&text, &with_json()))
}

/// A name that no format has, in the words that other parameters have for it.
fn unknown<E: serde::de::Error>(text: &str, names: &[&str]) -> E {
    let (several, between) = if names.len() > 2 { ("one of ", ", ") } else { ("", " or ") };
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    E::custom(format_args!("unknown variant `{text}`, expected {several}{}", names.join(between)))
}

/// The media type of a format by its name, for the description of the API.
pub(super) fn media_type(name: &str) -> Option<&'static str> {
    let table = TableFormat::named(name).map(FileFormat::facts);
    table.or_else(|| NetworkFormat::named(name).map(FileFormat::facts)).map(|facts| facts.media_type)
}

/// A file to keep.
pub(super) fn attachment(format: &FormatFacts, name: &str, body: impl IntoResponse) -> Response {
    let FormatFacts { media_type, extension, .. } = format;
    let charset = if media_type.starts_with("text/") { "; charset=utf-8" } else { "" };
    let disposition = format!("attachment; filename=\"{name}.{extension}\"");
    ([(CONTENT_TYPE, format!("{media_type}{charset}")), (CONTENT_DISPOSITION, disposition)], body).into_response()
}
