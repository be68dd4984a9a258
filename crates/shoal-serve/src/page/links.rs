//! Addresses of this page, and the way to others.

use std::fmt::Write as _;

use maud::{Markup, html};
use shoal_model::Timestamp;

use super::untrusted;

/// A query string that is being written: pairs without a value are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query(Vec<(&'static str, String)>);

impl Query {
    /// Adds a pair.
    pub(super) fn and(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.0.push((name, value));
        }
        self
    }

    /// Replaces all values of a name by this one, on the first page.
    pub(super) fn with(&self, name: &'static str, value: impl Into<String>) -> Self {
        self.without(&[name, "cursor"]).and(name, value)
    }

    /// Adds a stretch of time.
    pub(super) fn between(self, start: Timestamp, end: Timestamp) -> Self {
        self.and("since", start.to_string()).and("until", end.to_string())
    }

    /// Removes the pairs of these names.
    pub(super) fn without(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|(name, _)| !names.contains(name)).cloned().collect())
    }

    /// All pairs.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Recognises a query without pairs.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The address of `path` with it.
    pub(super) fn at(&self, path: &str) -> String {
        if self.is_empty() {
            return path.to_owned();
        }
        format!("{path}?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(self.pairs()).finish())
    }
}

/// Recognises the query of a form with fields that were left empty: the same question has a shorter address, which
/// people share.
pub(super) fn is_wordy(query: Option<&str>) -> bool {
    query.is_some_and(|query| query.split('&').any(|pair| pair.ends_with('=')))
}

/// The address of one thing: `/accounts/ID`, with everything in the id encoded that could mean something.
pub(super) fn one(kind: &str, id: &str) -> String {
    let mut path = format!("/{kind}/");
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') || (byte == b'.' && id.len() > 2) {
            path.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            _ = write!(path, "%{byte:02X}");
        }
    }
    path
}

/// An account with the link to what is known of it.
pub(super) fn account(id: &str) -> Markup {
    html! { a.account href=(one("accounts", id)) { (untrusted::name(id)) } }
}

/// The way to an address of strangers, through the warning page; `None` where it cannot be followed.
pub(super) fn outside(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    let followable = matches!(url.scheme(), "http" | "https") && url.has_host() && address.len() <= 2_048;
    followable.then(|| Query::default().and("to", address).at("/link"))
}

/// A link to where a post can be looked at, if there is such a place.
pub(super) fn original(url: Option<&str>) -> Markup {
    html! {
        @if let Some(href) = url.and_then(outside) { a.outside href=(href) rel="nofollow" { "original" } }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_say_what_they_should() {
        let query = Query::default().and("q", "a b&c").and("platform", "").and("cursor", "x");
        assert_eq!(query.at("/search"), "/search?q=a+b%26c&cursor=x");
        assert_eq!(query.with("q", "é").at("/search"), "/search?q=%C3%A9");
        assert_eq!(query.with("q", "").at("/search"), "/search");
        assert_eq!(one("accounts", "x:at://a/b?c"), "/accounts/x%3Aat%3A%2F%2Fa%2Fb%3Fc");
        assert_eq!(one("alerts", ".."), "/alerts/%2E%2E");
    }

    #[test]
    fn what_was_left_empty_is_left_out() {
        for (query, wordy) in
            [(None, false), (Some("q=a&sort=newest"), false), (Some("q=&sort=newest"), true), (Some("q=a="), true)]
        {
            assert_eq!(is_wordy(query), wordy, "{query:?}");
        }
    }

    #[test]
    fn only_the_web_can_be_reached() {
        assert_eq!(outside("https://a.example/?b=c").as_deref(), Some("/link?to=https%3A%2F%2Fa.example%2F%3Fb%3Dc"));
        for hostile in
            ["javascript:alert(1)", " jAvAsCrIpT:1", "data:text/html,x", "//a.example", "file:///etc", "ftp://a", ""]
        {
            assert_eq!(outside(hostile), None, "{hostile}");
        }
    }

    proptest! {
        #[test]
        fn an_id_stays_one_part_of_a_path(id in any::<String>()) {
            let path = one("posts", &id);
            let rest = path.strip_prefix("/posts/").unwrap();
            prop_assert!(rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_~.%".contains(&byte)));
        }
    }
}
