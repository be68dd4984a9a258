//! Extractors: query strings and ids in paths.

use std::borrow::Cow;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shoal_model::{Post, Timestamp};
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterIn};

use crate::problem::Problem;

/// The parameters of a request: those of `A` and of `B`, each at most once, and no others.
#[derive(Debug)]
pub(crate) struct Parameters<A, B = NoParameters>(pub(crate) A, pub(crate) B);

/// The parameters of a form in a page: as [`Parameters`], but fields that were left empty do not count.
#[derive(Debug)]
pub(crate) struct FormParameters<A, B = NoParameters>(pub(crate) A, pub(crate) B);

/// No parameters.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
pub(crate) struct NoParameters {}

impl<A, B, S> FromRequestParts<S> for Parameters<A, B>
where
    A: DeserializeOwned + IntoParams,
    B: DeserializeOwned + IntoParams,
    S: Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let (a, b) = read(&pairs(parts.uri.query().unwrap_or_default())?)?;
        Ok(Self(a, b))
    }
}

impl<A, B, S> FromRequestParts<S> for FormParameters<A, B>
where
    A: DeserializeOwned + IntoParams,
    B: DeserializeOwned + IntoParams,
    S: Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut pairs = pairs(parts.uri.query().unwrap_or_default())?;
        pairs.retain(|(_, value)| !value.is_empty());
        let (a, b) = read(&pairs)?;
        Ok(Self(a, b))
    }
}

type Pair = (String, String);

/// Names and values, decoded.
fn pairs(query: &str) -> Result<Vec<Pair>, Problem> {
    query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect()
}

fn pair(text: &str) -> Result<Pair, Problem> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let name = decode(name).ok_or_else(|| Problem::of("query", "a name of a parameter is not UTF-8"))?;
    let value = decode(value).ok_or_else(|| Problem::of(name.clone(), format!("the value of {name} is not UTF-8")))?;
    Ok((name, value))
}

fn decode(text: &str) -> Option<String> {
    let spaces = text.replace('+', " ");
    percent_decode_str(&spaces).decode_utf8().ok().map(Cow::into_owned)
}

fn read<A, B>(pairs: &[Pair]) -> Result<(A, B), Problem>
where
    A: DeserializeOwned + IntoParams,
    B: DeserializeOwned + IntoParams,
{
    let (first, second) = (names::<A>(), names::<B>());
    require::<A>(pairs)?;
    require::<B>(pairs)?;
    for (position, (name, _)) in pairs.iter().enumerate() {
        if !first.contains(name) && !second.contains(name) {
            return Err(unknown(name, first.iter().chain(&second)));
        }
        if pairs.iter().take(position).any(|(earlier, _)| earlier == name) {
            return Err(Problem::of(name.clone(), format!("{name} is given twice; give it once")));
        }
    }
    Ok((part(pairs, &first)?, part(pairs, &second)?))
}

fn described<T: IntoParams>() -> Vec<Parameter> {
    T::into_params(|| Some(ParameterIn::Query))
}

fn names<T: IntoParams>() -> Vec<String> {
    described::<T>().into_iter().map(|parameter| parameter.name).collect()
}

/// Refuses a request without what it must say.
fn require<T: IntoParams>(pairs: &[Pair]) -> Result<(), Problem> {
    let missing =
        |wanted: &Parameter| wanted.required == Required::True && pairs.iter().all(|(name, _)| *name != wanted.name);
    match described::<T>().into_iter().find(missing) {
        Some(Parameter { name, .. }) => Err(Problem::of(name.clone(), format!("{name} is missing; give it"))),
        None => Ok(()),
    }
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> Problem {
    let known: Vec<&str> = known.map(String::as_str).collect();
    let there = match known.as_slice() {
        [] => "there are none here".to_owned(),
        some => format!("there are {}", some.join(", ")),
    };
    Problem::of(name, format!("there is no parameter {}; {there}", name.escape_debug()))
}

/// The parameters that belong to one type.
fn part<T: DeserializeOwned>(pairs: &[Pair], names: &[String]) -> Result<T, Problem> {
    let own = pairs.iter().filter(|(name, _)| names.contains(name));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(own).finish();
    let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let field = error.path().to_string();
        let why = error.into_inner();
        Problem::of(field.clone(), format!("{field} cannot be read: {why}"))
    })
}

/// A time as RFC 3339 writes it, or a day: its first moment in UTC.
pub(crate) fn moment<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let day = text.len() == "2026-01-31".len();
    let full = if day { Cow::Owned(format!("{text}T00:00:00Z")) } else { Cow::Borrowed(text.as_str()) };
    full.parse().map(Some).map_err(|_| {
        serde::de::Error::custom(format_args!(
            "{} is no time; write 2026-01-31T12:00:00Z, or 2026-01-31",
            text.escape_debug()
        ))
    })
}

/// A value that is not empty.
pub(crate) fn filled<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        Err(serde::de::Error::custom("it is empty; leave it out, or say something"))
    } else {
        Ok(Some(text))
    }
}

/// The id of a post or an account.
pub(crate) fn native<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let id = String::deserialize(deserializer)?;
    if Post::split_id(&id).is_err() { Err(serde::de::Error::custom(NO_ID)) } else { Ok(Some(id)) }
}

/// Values with commas between them.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: DeserializeOwned,
{
    use serde::de::IntoDeserializer;
    let text = String::deserialize(deserializer)?;
    text.split(',').map(|value| T::deserialize(value.into_deserializer())).collect()
}

const NO_ID: &str = "an id is a platform, a colon, and the platform's own id";

/// Bytes of an id in an address.
const MAX_ID_BYTES: usize = 2_048;

/// An id in the path of an address, decoded: slashes in it are written `%2F`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Id(pub(crate) String);

/// The id of a post or of an account in the path of an address: `platform:native`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NativeId(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for NativeId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Id(id) = Id::from_request_parts(parts, state).await?;
        if Post::split_id(&id).is_err() {
            return Err(Problem::of("id", NO_ID));
        }
        Ok(Self(id))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(id) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::of("id", "the id is not UTF-8; write it percent-encoded"))?;
        if id.len() > MAX_ID_BYTES {
            return Err(Problem::of("id", format!("the id is longer than {MAX_ID_BYTES} bytes")));
        }
        Ok(Self(id))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::params::{PostFilter, PostPage};

    fn search(query: &str) -> Result<(PostFilter, PostPage), Problem> {
        read(&pairs(query)?)
    }

    fn refused(query: &str) -> (String, String) {
        let problem = search(query).unwrap_err();
        (problem.field.unwrap_or_default(), problem.detail)
    }

    #[test]
    fn everything_that_can_be_asked_is_read() {
        let (filter, page) = search(
            "q=caf%C3%A9+%22a%20b%22&since=2026-01-31&until=2026-01-31T12:00:00.5%2B01:00&platform=x&lang=en&author=x:1\
             &kind=repost&layer=hashtags&object=00000000000000ff&cluster=0&alert=1&sort=relevance\
             &limit=7&cursor=c&highlight=true&histogram=true&top=author,domain&",
        )
        .unwrap();
        assert_eq!(filter.q, "café \"a b\"");
        let times = [filter.since, filter.until].map(|time| time.unwrap().to_string());
        assert_eq!(times, ["2026-01-31T00:00:00Z", "2026-01-31T11:00:00.5Z"]);
        assert_eq!((page.limit, page.highlight, page.histogram, page.top.len()), (7, true, true, 2));
        let request = filter.request(page).unwrap();
        assert_eq!((request.language.as_deref(), request.cursor.as_deref()), (Some("en"), Some("c")));
        assert_eq!(search("").unwrap(), (PostFilter::default(), PostPage::default()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, field, detail) in [
            ("limt=5", "limt", "there is no parameter limt; there are q, since, until, platform, lang, author, kind"),
            ("%1B=5", "\u{1b}", "there is no parameter \\u{1b}"),
            ("limit=5&limit=6", "limit", "limit is given twice"),
            ("limit=x", "limit", "limit cannot be read: invalid digit"),
            ("limit=-1", "limit", "limit cannot be read: "),
            ("limit=", "limit", "limit cannot be read: "),
            ("limit", "limit", "limit cannot be read: "),
            ("limit=99999999999999999999", "limit", "limit cannot be read: "),
            ("since=yesterday", "since", "yesterday is no time; write 2026-01-31T12:00:00Z, or 2026-01-31"),
            ("since=2026-13-01", "since", "2026-13-01 is no time"),
            ("since=2026-01-31T12:00:00", "since", "is no time"),
            ("until=%00", "until", "\\0 is no time"),
            ("kind=shout", "kind", "unknown variant `shout`, expected one of `post`"),
            ("top=author,", "top", "unknown variant"),
            ("highlight=yes", "highlight", "`true` or `false`"),
            ("platform=", "platform", "platform cannot be read: it is empty"),
            ("q=%FF", "q", "the value of q is not UTF-8"),
            ("%FF=1", "query", "not UTF-8"),
        ] {
            let (found, words) = refused(query);
            assert_eq!(found, field, "{query}: {words}");
            assert!(words.contains(detail), "{query}: {words}");
        }
        for limit in [0, 501] {
            let (filter, page) = search(&format!("limit={limit}")).unwrap();
            assert_eq!(filter.request(page).unwrap_err().field.as_deref(), Some("limit"));
        }
    }

    proptest! {
        #[test]
        fn a_value_is_read_as_it_was_meant(value in any::<String>()) {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", &value).finish();
            prop_assert_eq!(search(&query).unwrap().0.q, value);
        }

        #[test]
        fn nothing_breaks_the_reading(query in "[a-z%&=+,0-9\u{80}-\u{ff}]{0,40}") {
            _ = search(&query);
        }
    }
}
