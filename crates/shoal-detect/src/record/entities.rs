//! Addresses and hashtags of a post, found once: by analysis for its traces, and handed on to whoever keeps posts.

use shoal_model::Post;
use shoal_text::{CanonicalUrl, Entities, canonical_url, entities};

/// Hashtags, and addresses, of one post that are handed on.
pub const MAX_ENTITIES: usize = 64;

/// Addresses and hashtags of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PostEntities {
    /// The first [`MAX_ENTITIES`] hashtags without their sign, as written, in order of appearance.
    pub hashtags: Vec<Box<str>>,
    /// The canonical forms of its first [`MAX_ENTITIES`] addresses: those that the platform names, then those in the
    /// text. What has no canonical form is left out.
    pub links: Vec<CanonicalUrl>,
}

impl PostEntities {
    /// The entities of a post.
    pub fn of(post: &Post) -> Self {
        let found = entities(&post.text);
        let links = links(post, &found, MAX_ENTITIES);
        Self::new(&found, links)
    }

    /// From what was found, with [`links`] of up to [`MAX_ENTITIES`] addresses.
    pub(crate) fn new(found: &Entities<'_>, links: Vec<Option<CanonicalUrl>>) -> Self {
        let hashtags = found.hashtags.iter().take(MAX_ENTITIES).map(|tag| (*tag).into());
        Self { hashtags: hashtags.collect(), links: links.into_iter().flatten().collect() }
    }
}

/// The canonical forms of a post's first addresses, one for each.
pub(crate) fn links(post: &Post, found: &Entities<'_>, addresses: usize) -> Vec<Option<CanonicalUrl>> {
    let all = post.urls.iter().map(String::as_str).chain(found.urls.iter().copied());
    all.take(addresses).map(canonical_url).collect()
}
