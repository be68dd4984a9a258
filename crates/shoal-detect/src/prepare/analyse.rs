//! Analysis of a post from the post alone.

use shoal_model::{Descriptor, Interned, Layer, ObjectKey, Post, PostRef, TextKey};
use shoal_sketch::Sketcher;
use shoal_text::{CanonicalUrl, Entities, Folded, entities, fold, hashtag_sequence, shingles};

use super::page_address::page;
use super::profile::Profiles;
use crate::Config;
use crate::key::{KeySet, Keyer};
use crate::record::{Analysed, AnalysedText, ExplicitTrace, MAX_ENTITIES, PostEntities, links};

/// Symbols per shingle (`near-duplicates`, space-less 4-grams).
const SHINGLE: usize = 4;
/// Characters of a text, an address or a hashtag sequence that are shown.
const EXCERPT: usize = 280;
/// Addresses of one post that leave traces.
const TRACED_ADDRESSES: usize = 8;

/// Computes what can be known of a post from the post alone. Holds buffers; make one per thread.
#[derive(Debug)]
pub struct Analyst {
    keyer: Keyer,
    seed: u64,
    min_symbols: usize,
    min_near: Option<usize>,
    layers: [bool; Layer::COUNT],
    allowed_domains: Vec<String>,
    allowed_texts: KeySet<TextKey>,
    hands_on_entities: bool,
    sketcher: Sketcher,
    folded: Folded,
    profiles: Profiles,
}

impl Analyst {
    /// Analysis under this configuration.
    pub fn new(config: &Config) -> Self {
        let keyer = Keyer::new(config.seed);
        let mut folded = Folded::new();
        let mut allowed_texts = KeySet::default();
        for text in &config.allow.texts {
            fold(text, &mut folded);
            allowed_texts.insert(keyer.text(folded.symbols()));
        }
        Self {
            keyer,
            seed: config.seed,
            min_symbols: (config.text.min_symbols as usize).max(1),
            min_near: config.text.near_duplicates.then_some(config.text.min_near_symbols as usize),
            layers: Layer::ALL.map(|layer| config.widest(layer).is_some()),
            allowed_domains: config.allow.domains.iter().map(|domain| domain.to_lowercase()).collect(),
            allowed_texts,
            hands_on_entities: false,
            sketcher: Sketcher::new(config.seed),
            folded,
            profiles: Profiles::default(),
        }
    }

    /// Hands on the addresses and hashtags of every post as well, if somebody keeps posts.
    #[must_use]
    pub fn with_entities(self, hands_on_entities: bool) -> Self {
        Self { hands_on_entities, ..self }
    }

    /// Analyses one post.
    pub fn analyse(&mut self, post: Post) -> Analysed {
        let account_key = self.keyer.account(&post.author.id);
        let reference = Interned::new(PostRef {
            key: self.keyer.post(account_key, &post.id),
            id: post.id.as_str().into(),
            account: post.author.id.as_str().into(),
            account_key,
            at: post.observed_at,
            url: post.url.as_deref().and_then(page).or_else(|| permalink(&post.id)),
            profile: self.profiles.of(account_key, &post),
        });
        let mut traces = Vec::new();
        let (text, entities) = if post.action.repost {
            self.repost(&post, &mut traces);
            (None, self.hands_on_entities.then(|| PostEntities::of(&post)))
        } else {
            let found = entities(&post.text);
            let most = if self.hands_on_entities { MAX_ENTITIES } else { TRACED_ADDRESSES };
            let links = links(&post, &found, most);
            self.original(&post, &found, &links, &mut traces);
            let entities = self.hands_on_entities.then(|| PostEntities::new(&found, links));
            (self.text(&post), entities)
        };
        Analysed { key: reference.key, post, reference, traces, text, entities: entities.map(Box::new), number: 0 }
    }

    fn leave(&self, traces: &mut Vec<ExplicitTrace>, layer: Layer, object: ObjectKey, label: &str) {
        let known = traces.iter().any(|trace| trace.layer == layer && trace.object == object);
        if self.layers[layer.index()] && !known {
            traces.push(ExplicitTrace { layer, object, descriptor: describe(label) });
        }
    }

    /// A repost acts on the post that it repeats: by its id, else by its folded text.
    fn repost(&mut self, post: &Post, traces: &mut Vec<ExplicitTrace>) {
        if let Some(target) = &post.action.repost_of {
            let object = self.keyer.object(Layer::Repost, target.as_bytes());
            let label = if post.text.trim().is_empty() { target } else { &post.text };
            self.leave(traces, Layer::Repost, object, label);
            return;
        }
        fold(&post.text, &mut self.folded);
        let text = self.keyer.text(self.folded.symbols());
        if !self.folded.is_empty() && !self.allowed_texts.contains(&text) {
            self.leave(traces, Layer::Repost, self.keyer.text_object(Layer::Repost, text), &post.text);
        }
    }

    fn original(
        &self,
        post: &Post,
        found: &Entities<'_>,
        links: &[Option<CanonicalUrl>],
        traces: &mut Vec<ExplicitTrace>,
    ) {
        if let Some(target) = &post.action.quote_of {
            self.leave(traces, Layer::Quote, self.keyer.object(Layer::Quote, target.as_bytes()), target);
        }
        if let Some(target) = &post.action.reply_to {
            self.leave(traces, Layer::Reply, self.keyer.object(Layer::Reply, target.as_bytes()), target);
        }
        for link in links.iter().take(TRACED_ADDRESSES).flatten() {
            self.link(link, traces);
        }
        if let Some(tags) = hashtag_sequence(&found.hashtags) {
            let label: Vec<String> = found.hashtags.iter().map(|tag| format!("#{tag}")).collect();
            self.leave(traces, Layer::Hashtags, self.keyer.object(Layer::Hashtags, tags.as_bytes()), &label.join(" "));
        }
    }

    fn link(&self, link: &CanonicalUrl, traces: &mut Vec<ExplicitTrace>) {
        if link.shortener || self.allowed_domains.contains(&link.domain) {
            return;
        }
        self.leave(traces, Layer::Link, self.keyer.object(Layer::Link, link.url.as_bytes()), &link.url);
        self.leave(traces, Layer::Domain, self.keyer.object(Layer::Domain, link.domain.as_bytes()), &link.domain);
    }

    fn text(&mut self, post: &Post) -> Option<AnalysedText> {
        if !self.layers[Layer::Text.index()] {
            return None;
        }
        fold(&post.text, &mut self.folded);
        let symbols = self.folded.symbols();
        let key = self.keyer.text(symbols);
        if symbols.len() < self.min_symbols || self.allowed_texts.contains(&key) {
            return None;
        }
        let mut grams = Vec::new();
        if self.min_near.is_some_and(|least| symbols.len() >= least) {
            shingles(symbols, SHINGLE, self.seed, &mut grams);
        }
        let sketch = self.sketcher.sketch(&grams);
        Some(AnalysedText { key, excerpt: describe(&post.text), shingles: grams, sketch })
    }
}

/// The address of a post, on platforms where it follows from the id alone.
fn permalink(id: &str) -> Option<Box<str>> {
    let (platform, native) = Post::split_id(id).ok()?;
    let is_number = native.bytes().all(|byte| byte.is_ascii_digit());
    (matches!(platform, "twitter" | "x") && is_number).then(|| format!("https://x.com/i/status/{native}").into())
}

fn describe(label: &str) -> Interned<Descriptor> {
    let label = match label.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", label.get(..end).unwrap_or_default()).into(),
        None => label.into(),
    };
    Interned::new(Descriptor { label })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_made_only_where_an_id_tells() {
        assert_eq!(permalink("twitter:123").as_deref(), Some("https://x.com/i/status/123"));
        assert_eq!(permalink("twitter:p123"), None);
        assert_eq!(permalink("bluesky:123"), None);
    }
}
