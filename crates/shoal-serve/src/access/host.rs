//! Checks of the name by which a browser has reached the server, and of the page that it comes from.
//!
//! Names that the server answers to. If everybody on this machine may do everything, a stranger's page in a browser on it must not: it
//! could give the server a name of its own (DNS rebinding), or send forms to it (cross-site request forgery).

use std::net::{IpAddr, Ipv6Addr};

use axum::http::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use axum::http::{Method, Uri};

use crate::problem::{Problem, ProblemKind};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Checks that a request names this machine or one of `hosts`.
pub(super) fn named(headers: &HeaderMap, uri: &Uri, hosts: &[String]) -> Result<(), Problem> {
    let ours = |name: &str| is_loopback(name) || hosts.iter().any(|host| host.eq_ignore_ascii_case(name));
    let name = host(headers).map(without_port);
    // Whoever writes a whole address in place of a path means that one.
    let whole = uri.authority().map(|authority| without_port(authority.as_str()));
    if name.is_some_and(ours) && whole.is_none_or(ours) {
        return Ok(());
    }
    let name = whole.or(name).unwrap_or_default().escape_debug();
    let detail = format!("this server is not called \"{name}\"; use localhost, or add the name to its hosts");
    Err(Problem::new(ProblemKind::Foreign, detail))
}

/// The only host that a request names.
fn host(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then_some(host)
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => authority,
    }
}

fn is_loopback(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    match address {
        Some(address) => address.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback()),
        None => {
            name == "localhost"
                || name.ends_with(".localhost")
                || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    }
}

/// Checks that a request comes from a page of this server, or from no page at all.
pub(super) fn same_origin(method: &Method, headers: &HeaderMap, hosts: &[String]) -> Result<(), Problem> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let foreign = |detail: &str| Err(Problem::new(ProblemKind::Foreign, detail));
    let reads = matches!(*method, Method::GET | Method::HEAD);
    match text(FETCH_SITE) {
        Some("same-origin" | "none") => return Ok(()),
        // Following a link from elsewhere harms nobody.
        Some(_) if reads && text(FETCH_MODE) == Some("navigate") => return Ok(()),
        Some(_) => return foreign("a page of another site cannot ask this server; open the page of this server"),
        None if reads => return Ok(()),
        None => {}
    }
    let Some(origin) = text(ORIGIN) else { return Ok(()) };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    let ours = |authority: &str| {
        host(headers).is_some_and(|host| host.eq_ignore_ascii_case(authority))
            || hosts.iter().any(|host| host.eq_ignore_ascii_case(without_port(authority)))
    };
    if authority.is_some_and(ours) {
        Ok(())
    } else {
        foreign("a page of another site cannot change anything here; open the page of this server")
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |&(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn only_names_of_this_machine_and_given_ones_are_ours() {
        let hosts = ["shoal.example".to_owned()];
        let names = |host: &str| named(&headers(&[("host", host)]), &Uri::from_static("/"), &hosts).is_ok();
        for ours in [
            "localhost",
            "LOCALHOST:9464",
            "a.localhost:1",
            "127.0.0.1:9464",
            "127.8.8.8",
            "[::1]:9464",
            "[::1]",
            "Shoal.Example:443",
        ] {
            assert!(names(ours), "{ours}");
        }
        for foreign in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1:9464",
            "[::2]",
            "::1",
            "localhost:x",
            "shoal.example.evil",
            "evil.example:80:80",
            "user@localhost",
            "2130706433",
        ] {
            assert!(!names(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_request_has_one_name() {
        let check = |headers: HeaderMap, uri: &'static str| named(&headers, &Uri::from_static(uri), &[]).is_ok();
        assert!(!check(HeaderMap::new(), "/"));
        let mut two = headers(&[("host", "localhost")]);
        two.append(HOST, HeaderValue::from_static("localhost"));
        assert!(!check(two, "/"));
        assert!(check(headers(&[("host", "localhost")]), "http://localhost:9464/"));
        assert!(!check(headers(&[("host", "localhost")]), "http://evil.example/"));
    }

    #[test]
    fn other_sites_can_do_nothing_but_link() {
        let may = |method: Method, pairs: &[(&'static str, &str)]| {
            let mut headers = headers(pairs);
            headers.insert(HOST, HeaderValue::from_static("localhost:9464"));
            same_origin(&method, &headers, &["shoal.example".to_owned()]).is_ok()
        };
        let site = |site| [("sec-fetch-site", site)];
        for method in [Method::GET, Method::HEAD, Method::POST, Method::DELETE] {
            assert!(may(method.clone(), &[]), "no browser: {method}");
            assert!(may(method.clone(), &site("same-origin")), "{method}");
            assert!(may(method.clone(), &site("none")), "{method}");
            assert!(!may(method.clone(), &site("cross-site")), "{method}");
            assert!(!may(method.clone(), &site("same-site")), "{method}");
            let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
            assert_eq!(may(method.clone(), &link), matches!(method, Method::GET | Method::HEAD), "{method}");
        }
        let origin = |origin| [("origin", origin)];
        assert!(may(Method::POST, &origin("http://localhost:9464")));
        assert!(may(Method::POST, &origin("https://shoal.example")));
        for foreign in ["http://localhost:9465", "https://evil.example", "null", "", "localhost:9464"] {
            assert!(!may(Method::POST, &origin(foreign)), "{foreign}");
            assert!(may(Method::GET, &origin(foreign)), "{foreign}");
        }
    }
}
