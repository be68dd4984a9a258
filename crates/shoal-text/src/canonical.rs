//! Addresses in one form, so that sharers of one page meet however they link to it.

use std::fmt::{self, Write as _};

use url::{Host, Url};

use crate::links::{VIEW_PREFIXES, is_shortener, is_tracking, main_name};
use crate::scan::is_cut_off;

/// The longest address that is read or given, in bytes.
pub const MAX_URL_BYTES: usize = 4096;

/// An address in canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalUrl {
    /// The address: always https, without user, `www.` and its like, default port, tracking, fragment and last
    /// slash; parameters in order. It is a key to compare by, and need not lead anywhere.
    pub url: String,
    /// The registrable domain (Public Suffix List, with its private part). The host itself where there is none:
    /// numeric addresses, names without a dot, public suffixes.
    pub domain: String,
    /// Set when the host is known to shorten links and the address has not been expanded: nobody knows where it leads,
    /// and its domain says nothing.
    pub shortener: bool,
}

/// The canonical form of an http or https address; an address without a scheme counts as https. `None` for other
/// schemes, for what is no address, for addresses that were cut off and for those longer than [`MAX_URL_BYTES`].
///
/// The canonical form of a canonical form is itself.
pub fn canonical_url(raw: &str) -> Option<CanonicalUrl> {
    let raw = raw.trim();
    if raw.len() > MAX_URL_BYTES || is_cut_off(raw) {
        return None;
    }
    let page = WebPage::of(&parse(raw)?)?;
    let url = page.to_string();
    let cut_off = is_cut_off(&url) || page.path.ends_with("%E2%80%A6");
    (!cut_off && url.len() <= MAX_URL_BYTES).then(|| {
        let shortener = is_shortener(&page.host);
        CanonicalUrl { url, domain: page.domain, shortener }
    })
}

/// The parts of an address that count.
struct WebPage {
    host: String,
    domain: String,
    port: Option<u16>,
    path: String,
    parameters: Vec<String>,
}

impl WebPage {
    fn of(parsed: &Url) -> Option<Self> {
        let (host, domain) = host_and_domain(parsed)?;
        let mut page = Self {
            host,
            domain,
            // Both defaults count as none: the scheme is dropped, so the port that belonged to the other says nothing.
            port: parsed.port().filter(|port| !matches!(port, 80 | 443)),
            path: normal_escapes(parsed.path().trim_end_matches('/')),
            parameters: Vec::new(),
        };
        let mut query: Vec<&str> = parsed.query().map(|query| query.split('&').collect()).unwrap_or_default();
        let video = format!("v={}", page.path.trim_start_matches('/'));
        if page.host == "youtu.be" && video.len() > 2 {
            query.push(&video);
            "youtube.com".clone_into(&mut page.host);
            "youtube.com".clone_into(&mut page.domain);
            "/watch".clone_into(&mut page.path);
        }
        page.parameters = kept_parameters(&query, &page.domain);
        Some(page)
    }
}

impl fmt::Display for WebPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}", self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.path)?;
        for (at, parameter) in self.parameters.iter().enumerate() {
            write!(f, "{}{parameter}", if at == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

fn parse(raw: &str) -> Option<Url> {
    let parsed = match Url::parse(raw) {
        Err(url::ParseError::RelativeUrlWithoutBase) => Url::parse(&format!("https://{raw}")).ok()?,
        parsed => parsed.ok()?,
    };
    matches!(parsed.scheme(), "http" | "https").then_some(parsed)
}

/// The host without the prefixes of its other views and under its main name, and the registrable domain.
fn host_and_domain(parsed: &Url) -> Option<(String, String)> {
    let Host::Domain(host) = parsed.host()? else {
        return parsed.host_str().map(|host| (host.to_owned(), host.to_owned()));
    };
    let mut host = host.trim_matches('.');
    while let Some(rest) = without_view_prefix(host) {
        host = rest;
    }
    let host = main_name(host);
    let domain = psl::domain_str(host).unwrap_or(host);
    (!host.is_empty()).then(|| (host.to_owned(), domain.to_owned()))
}

/// A prefix falls only where a whole site remains: `m.example.org` is `example.org`, but `m.co` is a site itself.
fn without_view_prefix(host: &str) -> Option<&str> {
    let rest = VIEW_PREFIXES.iter().find_map(|prefix| host.strip_prefix(prefix))?.trim_start_matches('.');
    psl::domain_str(rest).map(|_| rest)
}

/// The parameters that mean something on the site `domain`, in order, each once.
fn kept_parameters(query: &[&str], domain: &str) -> Vec<String> {
    let mut kept: Vec<String> = query
        .iter()
        .map(|parameter| normal_escapes(parameter).replace("%20", "+"))
        .filter(|parameter| {
            let name = parameter.split('=').next().unwrap_or_default().to_ascii_lowercase();
            !parameter.is_empty() && !is_tracking(&name, domain)
        })
        .collect();
    kept.sort_unstable();
    kept.dedup();
    kept
}

/// Percent-encoding in normal form (RFC 3986, section 6.2.2): capital digits, and no escape for letters, digits and
/// `-._~`. A percent sign that escapes nothing stays.
fn normal_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut left = text;
    while let Some((before, after)) = left.split_once('%') {
        out.push_str(before);
        let escaped = after.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => out.push(char::from(byte)),
            Some(byte) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
            None => {
                out.push('%');
                left = after;
                continue;
            }
        }
        left = after.get(2..).unwrap_or_default();
    }
    out.push_str(left);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn url(raw: &str) -> String {
        canonical_url(raw).map(|canonical| canonical.url).unwrap_or_default()
    }

    #[test]
    fn ways_to_link_to_one_page_meet() {
        for raw in [
            "http://example.org/a/b?x=1&y=2",
            "https://www.example.org/a/b/?y=2&x=1",
            "HTTPS://user:secret@M.Example.ORG:443/a/./c/../b?utm_source=x&y=2&x=1&fbclid=abc#part",
            "http://mobile.www.example.org./a/%62?%78=1&&y=2&UTM_Campaign=z",
            " https://amp.example.org/a/b//?x=1&y=2&x=1 ",
        ] {
            assert_eq!(url(raw), "https://example.org/a/b?x=1&y=2", "{raw}");
        }
    }

    #[test]
    fn what_means_something_stays() {
        for (raw, expected) in [
            ("https://www.youtube.com/watch?v=AbC&feature=share&si=x", "https://youtube.com/watch?v=AbC"),
            ("https://youtu.be/AbC?si=x&t=5", "https://youtube.com/watch?t=5&v=AbC"),
            ("https://x.com/a/status/1?s=20&t=q", "https://twitter.com/a/status/1"),
            ("https://example.org/?s=20&t=q", "https://example.org?s=20&t=q"),
            ("http://example.org:8080", "https://example.org:8080"),
            ("http://example.org/A%2fB%c3%a9é", "https://example.org/A%2FB%C3%A9%C3%A9"),
            ("http://example.org/a?q=b%20c%", "https://example.org/a?q=b+c%"),
            ("http://пример.испытание/", "https://xn--e1afmkfd.xn--80akhbyknj4f"),
            ("http://m.co/a", "https://m.co/a"),
            ("www.gov.uk", "https://www.gov.uk"),
        ] {
            assert_eq!(url(raw), expected, "{raw}");
        }
    }

    #[test]
    fn domains_are_registrable() {
        for (raw, domain, shortener) in [
            ("https://news.bbc.co.uk/1", "bbc.co.uk", false),
            ("https://alice.github.io/", "alice.github.io", false),
            ("http://t.co/abc", "t.co", true),
            ("bit.ly/abc", "bit.ly", true),
            ("https://youtu.be/AbC", "youtube.com", false),
            ("http://localhost/x", "localhost", false),
            ("http://127.1/x", "127.0.0.1", false),
            ("http://[::1]:8080/x", "[::1]", false),
        ] {
            let canonical = canonical_url(raw).unwrap();
            assert_eq!((canonical.domain.as_str(), canonical.shortener), (domain, shortener), "{raw}");
        }
    }

    #[test]
    fn what_is_no_whole_address_gives_none() {
        let long = format!("https://example.org/{}", "a".repeat(MAX_URL_BYTES));
        let grows = format!("https://example.org/{}", "é".repeat(1000));
        for raw in [
            "",
            "…",
            "http://",
            "https://…",
            "https://example.org/a…",
            "http://t.co/a...",
            "https://example.org/a.../",
            "https://example.org/a…/",
            "ftp://example.org/",
            "mailto:a@example.org",
            "javascript:alert(1)",
            "http:// x",
            long.as_str(),
            grows.as_str(),
        ] {
            assert_eq!(canonical_url(raw), None, "{raw}");
        }
    }

    proptest! {
        #[test]
        fn canonical_is_final(raw in "\\PC{0,60}|(https?://)?(www\\.|m\\.|amp\\.|)[a-z0-9.\\-]{1,12}(com|co.uk|be|)(:[0-9]{1,4}|)[/a-z%0-9A-F.é?&=#+;@ ]{0,40}") {
            if let Some(once) = canonical_url(&raw) {
                prop_assert_eq!(canonical_url(&once.url), Some(once));
            }
        }

        #[test]
        fn order_and_tracking_do_not_matter(mut names in prop::collection::vec("q[a-z]{1,3}", 1..5), mark in "[a-z]{1,5}") {
            let one = format!("https://example.org/p?{}&utm_{mark}=1", names.join("&"));
            names.reverse();
            let other = format!("http://www.example.org/p/?gclid={mark}&{}", names.join("&"));
            prop_assert_eq!(canonical_url(&one), canonical_url(&other));
        }
    }
}
