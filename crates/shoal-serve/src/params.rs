//! The parameters of searches, for programs and for pages.

use serde::Deserialize;
use shoal_index::{AlertRequest, AlertSort, MAX_PAGE, PostKind, SearchRequest, Sort, TopField};
use shoal_model::{AlertState, Layer, Timestamp};
use utoipa::IntoParams;
use utoipa::openapi::schema::{ArrayBuilder, Object, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{KnownFormat, RefOr};

use crate::extract::{filled, list, moment, native};
use crate::problem::Problem;

const DEFAULT_PAGE: usize = 50;

const fn page() -> usize {
    DEFAULT_PAGE
}

/// A filter of posts.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct PostFilter {
    /// A query, in the query language; empty for all posts.
    #[param(schema_with = query)]
    pub(crate) q: String,
    /// Posts that were not seen before this time.
    #[serde(deserialize_with = "moment")]
    #[param(schema_with = time, required = false)]
    pub(crate) since: Option<Timestamp>,
    /// Posts that were seen before this time, not at it.
    #[serde(deserialize_with = "moment")]
    #[param(schema_with = time, required = false)]
    pub(crate) until: Option<Timestamp>,
    /// Posts on this platform: the part before the colon of ids.
    #[serde(deserialize_with = "filled")]
    #[param(min_length = 1)]
    pub(crate) platform: Option<String>,
    /// Posts in this language.
    #[serde(deserialize_with = "filled")]
    #[param(min_length = 1)]
    pub(crate) lang: Option<String>,
    /// Posts by this account, `platform:native`.
    #[serde(deserialize_with = "native")]
    #[param(schema_with = native_id, required = false)]
    pub(crate) author: Option<String>,
    /// Posts of this kind.
    #[param(inline)]
    pub(crate) kind: Option<PostKind>,
    /// Posts that act on an object of this layer.
    #[param(schema_with = layer, required = false)]
    pub(crate) layer: Option<Layer>,
    /// Posts that act on this object: its key, up to 16 hexadecimal digits.
    #[param(schema_with = key, required = false)]
    pub(crate) object: Option<String>,
    /// Posts whose text belongs to this text object: its key, up to 16 hexadecimal digits.
    #[param(schema_with = key, required = false)]
    pub(crate) cluster: Option<String>,
    /// Posts that are evidence of this alert, by its newest revision.
    #[serde(deserialize_with = "filled")]
    #[param(min_length = 1)]
    pub(crate) alert: Option<String>,
    /// The order.
    #[param(inline)]
    pub(crate) sort: Sort,
}

/// A page of posts, and figures besides.
#[derive(Debug, Clone, PartialEq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct PostPage {
    /// The number of posts.
    #[param(minimum = 1, maximum = 500, default = 50)]
    pub(crate) limit: usize,
    /// Go on after the page that gave this.
    #[serde(deserialize_with = "filled")]
    #[param(min_length = 1)]
    pub(crate) cursor: Option<String>,
    /// Show what was looked for in `<mark>`; everything else is escaped for HTML.
    pub(crate) highlight: bool,
    /// Count posts over time.
    pub(crate) histogram: bool,
    /// Count the most frequent values of these fields.
    #[serde(deserialize_with = "list")]
    #[param(schema_with = top_fields, style = Form, required = false)]
    pub(crate) top: Vec<TopField>,
}

impl Default for PostPage {
    fn default() -> Self {
        Self { limit: DEFAULT_PAGE, cursor: None, highlight: false, histogram: false, top: Vec::new() }
    }
}

impl PostFilter {
    /// The request as the index takes it.
    pub(crate) fn request(self, page: PostPage) -> Result<SearchRequest, Problem> {
        Ok(SearchRequest {
            query: self.q,
            since: self.since,
            until: self.until,
            platform: self.platform,
            language: self.lang,
            author: self.author,
            kind: self.kind,
            layer: self.layer,
            object: self.object,
            cluster: self.cluster,
            alert: self.alert,
            sort: self.sort,
            limit: limit(page.limit)?,
            cursor: page.cursor,
            highlight: page.highlight,
            histogram: page.histogram,
            top: page.top,
        })
    }
}

/// A filter of alerts.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct AlertFilter {
    /// Words of the sentence and of the objects, in the query language; empty for all alerts.
    #[param(schema_with = query)]
    pub(crate) q: String,
    /// Alerts whose posts of evidence do not all lie before this time.
    #[serde(deserialize_with = "moment")]
    #[param(schema_with = time, required = false)]
    pub(crate) since: Option<Timestamp>,
    /// Alerts whose posts of evidence do not all lie at or after this time.
    #[serde(deserialize_with = "moment")]
    #[param(schema_with = time, required = false)]
    pub(crate) until: Option<Timestamp>,
    /// Alerts in one of these states.
    #[serde(deserialize_with = "list")]
    #[param(schema_with = states, style = Form, required = false)]
    pub(crate) state: Vec<AlertState>,
    /// Alerts with accounts on this platform.
    #[serde(deserialize_with = "filled")]
    #[param(min_length = 1)]
    pub(crate) platform: Option<String>,
    /// Alerts with texts in this language.
    #[serde(deserialize_with = "filled")]
    #[param(min_length = 1)]
    pub(crate) lang: Option<String>,
    /// Alerts that name this account as part of the group.
    #[serde(deserialize_with = "native")]
    #[param(schema_with = native_id, required = false)]
    pub(crate) account: Option<String>,
    /// Alerts with objects of this layer.
    #[param(schema_with = layer, required = false)]
    pub(crate) layer: Option<Layer>,
    /// Alerts with this object or text object: its key, up to 16 hexadecimal digits.
    #[param(schema_with = key, required = false)]
    pub(crate) object: Option<String>,
    /// Alerts with at least so many bits.
    pub(crate) min_bits: Option<f64>,
    /// Alerts with at least so many accounts.
    #[param(schema_with = count, required = false)]
    pub(crate) min_accounts: Option<u64>,
    /// Alerts that rules on trial raised, or that were sent; both when absent.
    pub(crate) shadow: Option<bool>,
    /// The order.
    #[param(inline)]
    pub(crate) sort: AlertSort,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct ListPage {
    /// The number of items.
    #[serde(default = "page")]
    #[param(minimum = 1, maximum = 500, default = 50)]
    pub(crate) limit: usize,
    /// Go on after the page that gave this.
    #[serde(deserialize_with = "filled")]
    #[param(min_length = 1)]
    pub(crate) cursor: Option<String>,
}

impl Default for ListPage {
    fn default() -> Self {
        Self { limit: DEFAULT_PAGE, cursor: None }
    }
}

/// A revision of an alert; the newest, or all, when absent.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct RevisionParams {
    /// This revision alone.
    #[param(minimum = 1)]
    pub(crate) revision: Option<u32>,
}

impl AlertFilter {
    /// The request as the index takes it.
    pub(crate) fn request(self, page: ListPage) -> Result<AlertRequest, Problem> {
        if self.min_bits.is_some_and(|bits| !bits.is_finite()) {
            return Err(Problem::of("min_bits", "min_bits is no number; give one such as 20"));
        }
        Ok(AlertRequest {
            query: self.q,
            since: self.since,
            until: self.until,
            states: self.state,
            platform: self.platform,
            language: self.lang,
            account: self.account,
            layer: self.layer,
            object: self.object,
            min_bits: self.min_bits,
            min_accounts: self.min_accounts,
            shadow: self.shadow,
            sort: self.sort,
            limit: limit(page.limit)?,
            cursor: page.cursor,
        })
    }
}

/// A page's length, when it is one.
pub(crate) fn limit(limit: usize) -> Result<usize, Problem> {
    if (1..=MAX_PAGE).contains(&limit) {
        Ok(limit)
    } else {
        Err(Problem::of("limit", format!("limit is {limit}; give 1 to {MAX_PAGE}, and go on with next as cursor")))
    }
}

fn query() -> Object {
    ObjectBuilder::new().schema_type(Type::String).max_length(Some(2_048)).default(Some("".into())).build()
}

fn time() -> Object {
    let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build()
}

fn count() -> Object {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).build()
}

pub(crate) fn key() -> Object {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9a-fA-F]{1,16}$")).build()
}

pub(crate) fn native_id() -> Object {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[^:]+:[\\s\\S]")).build()
}

/// A text that is one of these names.
pub(crate) fn names(names: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names))
}

fn layer() -> Object {
    names(Layer::ALL.map(Layer::name)).build()
}

fn states() -> RefOr<Schema> {
    several(AlertState::ALL.map(AlertState::name))
}

fn top_fields() -> RefOr<Schema> {
    several(["author", "language", "platform", "kind", "hashtag", "domain"])
}

/// A list with commas.
fn several(of: impl IntoIterator<Item = &'static str>) -> RefOr<Schema> {
    ArrayBuilder::new().items(names(of)).min_items(Some(1)).unique_items(true).build().into()
}
