//! Addresses that people are shown.

/// The length of the address of a post or account in bytes, beyond which it is not kept.
const MAX_PAGE_ADDRESS: usize = 2_048;

/// An address that people are shown: that of a page, and not too long.
pub(super) fn page(url: &str) -> Option<Box<str>> {
    (url.len() <= MAX_PAGE_ADDRESS && is_web(url)).then(|| url.into())
}

/// Tells whether an address leads to a page: an alert is read by people, and `javascript:` is an address too.
fn is_web(url: &str) -> bool {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_are_linked_to() {
        assert!(is_web("https://example.org/1") && is_web("HTTP://example.org"));
        assert!(!is_web("javascript:alert(1)") && !is_web("data:text/html,x") && !is_web("/relative"));
    }
}
