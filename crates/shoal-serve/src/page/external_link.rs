//! The warning before a person leaves for an address that a stranger wrote.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use url::{Host, Url};
use utoipa::IntoParams;

use super::layout::{Layout, SitePart};
use super::untrusted;
use crate::access::Caller;
use crate::app::App;
use crate::extract::FormParameters;
use crate::problem::Problem;

/// Bytes of an address that can be followed.
const LONGEST: usize = 2_048;

/// The parameters of `/link`.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct LinkParams {
    to: String,
}

/// `GET /link?to=…`
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    caller: Caller,
    FormParameters(leave, _): FormParameters<LinkParams>,
) -> Result<Response, Problem> {
    let url = destination(&leave.to)?;
    let shell =
        Layout { pipeline: &app.name, part: SitePart::Other, title: "You are about to leave", caller: Some(&caller) };
    Ok(shell.page(&content(&leave.to, &url)))
}

/// The address, where it is one of the web.
pub(super) fn destination(address: &str) -> Result<Url, Problem> {
    if address.len() > LONGEST {
        return Err(Problem::of("to", format!("the address is longer than {LONGEST} bytes; nobody would read it")));
    }
    let url = Url::parse(address).map_err(|error| Problem::of("to", format!("this is no address: {error}")))?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        Ok(url)
    } else {
        Err(Problem::of("to", "only addresses that begin with http:// or https:// can be followed from here"))
    }
}

/// The page: the address as it was written and as a browser would read it.
pub(super) fn content(written: &str, url: &Url) -> Markup {
    let reads = url.as_str();
    let host = url.host_str().unwrap_or_default();
    html! {
        div.lead {
            h1 { "You are about to leave Shoal" }
            p.standfirst {
                "This address was written by a stranger. Look at where it goes before you follow it: whoever owns it \
                 learns that you came."
            }
        }
        dl.address {
            dt { "Site" } dd { strong { (untrusted::name(&host.replace('.', "[.]"))) } }
            dt { "Address" } dd { code { (untrusted::name(&untrusted::defanged(reads))) } }
            @if written != reads {
                dt { "As it was written" } dd { code { (untrusted::name(&untrusted::defanged(written))) } }
            }
        }
        @let warnings = warnings(url);
        @if !warnings.is_empty() { ul.warnings { @for warning in warnings { li { (warning) } } } }
        p.choices {
            a.button href=(reads) rel="noopener noreferrer nofollow" { "Follow it" }
            " or go back with your browser."
        }
    }
}

/// Warnings about what can make an address misleading.
fn warnings(url: &Url) -> Vec<&'static str> {
    let international = url.host_str().is_some_and(|host| host.split('.').any(|label| label.starts_with("xn--")));
    [
        (url.scheme() == "http", "The connection is not encrypted."),
        (
            international,
            "The site's name has letters beyond a to z, written here as “xn--…”: they can look like others.",
        ),
        (
            !url.username().is_empty() || url.password().is_some(),
            "What stands before the @ is a name to sign in with, not the site.",
        ),
        (matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_))), "The site is given by number, not by name."),
        (url.port().is_some(), "The port is an unusual one."),
    ]
    .into_iter()
    .filter_map(|(holds, warning)| holds.then_some(warning))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_web_can_be_followed() {
        for hostile in
            ["javascript:alert(1)", "data:text/html,<script>", "file:///etc/passwd", "", "//a.example", "http://"]
        {
            assert!(destination(hostile).is_err(), "{hostile}");
        }
        assert!(destination(&format!("https://a.example/{}", "x".repeat(LONGEST))).is_err());
    }

    #[test]
    fn what_misleads_is_seen() {
        let url = destination("http://bank.example@аpple.example:81/\u{202e}x").unwrap();
        let page = content("http://bank.example@аpple.example:81/\u{202e}x", &url).into_string();
        for expected in [
            "xn--pple-43d[.]example",
            "U+202E",
            "before the @",
            "not encrypted",
            "unusual",
            "noopener noreferrer nofollow",
        ] {
            assert!(page.contains(expected), "{expected}: {page}");
        }
        assert!(!page.contains('\u{202e}'));
    }
}
