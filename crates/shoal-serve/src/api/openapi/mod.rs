//! The description of the API, from its code.

use serde_json::{Map, Value};
use shoal_model::ALERT_SCHEMA;
use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Description, Ref, RefOr, ResponseBuilder, Schema};
use utoipa::{OpenApi, PartialSchema, ToSchema};

use crate::problem::{PROBLEM_JSON, ProblemBody, ProblemKind};

/// Stands for the schema of alerts, which is a file of its own.
pub(super) struct AnyAlert;

/// Problems that every question can come to.
const ALWAYS: [ProblemKind; 7] = [
    ProblemKind::Question,
    ProblemKind::SignIn,
    ProblemKind::Forbidden,
    ProblemKind::Address,
    ProblemKind::Rate,
    ProblemKind::Internal,
    ProblemKind::Busy,
];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Shoal",
        description = "Posts that were read, and alerts about accounts that move together. Shoal observes coordination; \
            people assess it. Texts, names and addresses come from strangers: show them as text.",
    ),
    components(schemas(ProblemBody)),
    tags(
        (name = "posts", description = "Search, and what is known of a post or a text."),
        (name = "alerts", description = "What was observed, with its evidence."),
        (name = "feedback", description = "What people concluded."),
        (name = "accounts", description = "What is known of an account."),
        (name = "exports", description = "Everything that fits, as files."),
        (name = "erasure", description = "Making posts and accounts disappear."),
        (name = "status", description = "How the server is."),
    ),
)]
struct ApiDescription;

/// The description before its paths.
pub(super) fn begin() -> Description {
    ApiDescription::openapi()
}

/// The description as it is sent: with what holds of all paths, and the schema of alerts. `open` is whether everybody
/// may ask.
pub(super) fn finish(description: &Description, open: bool) -> String {
    let mut description = description.clone();
    for (path, item) in &mut description.paths.paths {
        let has_id = path.contains('{');
        complete(item.get.as_mut(), has_id, false);
        complete(item.post.as_mut(), has_id, true);
        complete(item.delete.as_mut(), has_id, true);
    }
    let components = description.components.get_or_insert_default();
    if !open {
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.security_schemes.insert("token".to_owned(), bearer.into());
        description.security = Some(vec![SecurityRequirement::new("token", [""; 0])]);
    }
    let mut json = serde_json::to_value(&description).unwrap_or_default();
    add_alert(&mut json);
    json.to_string()
}

/// Adds to an operation what holds of all: problems, formats, lists with commas.
fn complete(operation: Option<&mut Operation>, has_id: bool, changes: bool) {
    let Some(operation) = operation else { return };
    let mut kinds = ALWAYS.to_vec();
    if changes {
        kinds.push(ProblemKind::ReadOnly);
    }
    if has_id {
        kinds.push(ProblemKind::Missing);
    }
    if operation.request_body.is_some() {
        kinds.extend([ProblemKind::Body, ProblemKind::MediaType, ProblemKind::Slow]);
    }
    add_formats(operation);
    for parameter in operation.parameters.iter_mut().flatten() {
        // Lists have commas.
        if let RefOr::T(parameter) = parameter
            && parameter.style.is_some()
        {
            parameter.explode = Some(false);
        }
    }
    // Said before any of our code sees the request.
    let head = ResponseBuilder::new().description("The head of the request is too long").build();
    operation.responses.responses.insert("431".to_owned(), head.into());
    for kind in kinds {
        let schema = RefOr::<Schema>::Ref(Ref::from_schema_name(ProblemBody::name()));
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let response = ResponseBuilder::new().description(kind.title()).content(PROBLEM_JSON, content).build();
        operation.responses.responses.insert(kind.status().as_str().to_owned(), response.into());
    }
}

/// Adds every format that the parameter `format` offers to the answer, as text where the answer does not describe it.
fn add_formats(operation: &mut Operation) {
    let offered = operation.parameters.iter().flatten().find_map(|parameter| match parameter {
        RefOr::T(Parameter { name, schema: Some(RefOr::T(Schema::Object(schema))), .. }) if name == "format" => {
            schema.enum_values.clone()
        }
        _ => None,
    });
    let Some(RefOr::T(answer)) = operation.responses.responses.get_mut("200") else { return };
    let names = offered.iter().flatten().filter_map(Value::as_str);
    for media_type in names.filter_map(super::formats::media_type) {
        let text = || ContentBuilder::new().schema(Some(String::schema())).build().into();
        answer.content.entry(media_type.to_owned()).or_insert_with(text);
    }
}

/// Puts the schema of alerts, and what it refers to, among the others.
fn add_alert(description: &mut Value) {
    let mut alert: Value = serde_json::from_str(ALERT_SCHEMA).unwrap_or_default();
    let parts = alert.as_object_mut().map(|alert| {
        alert.remove("$id");
        alert.remove("$schema");
        alert.remove("$defs")
    });
    let schemas = &mut description["components"]["schemas"];
    if let Some(Some(Value::Object(parts))) = parts {
        for (name, mut part) in parts {
            rebase(&mut part);
            schemas[format!("Alert.{name}")] = part;
        }
    }
    rebase(&mut alert);
    schemas[AnyAlert::name().as_ref()] = alert;
}

/// Lets references within the schema of alerts point to where its parts are now.
fn rebase(schema: &mut Value) {
    match schema {
        Value::Object(members) => rebase_members(members),
        Value::Array(items) => items.iter_mut().for_each(rebase),
        _ => {}
    }
}

fn rebase_members(members: &mut Map<String, Value>) {
    for (name, value) in members {
        match value {
            Value::String(target) if name == "$ref" => {
                *target = target.replace("#/$defs/", "#/components/schemas/Alert.");
            }
            value => rebase(value),
        }
    }
}

impl PartialSchema for AnyAlert {
    fn schema() -> RefOr<Schema> {
        // Its place is taken by the real one.
        Schema::Object(utoipa::openapi::Object::new()).into()
    }
}

impl ToSchema for AnyAlert {
    fn name() -> std::borrow::Cow<'static, str> {
        "Alert".into()
    }
}

#[cfg(test)]
mod tests;
