//! Match: texts that are the same, or nearly.
//!
//! Equal folded texts collapse by key. New texts are looked up in a sliding MinHash-LSH window and verified by
//! exact Jaccard similarity. A text that only one account has used stays here; when a second account uses it, or
//! a near-duplicate is found, its posts go on with their true times, and every repeat after that.
//!
//! Logical partitions: a text goes to the partitions of four of its min-hashes, so that two texts with J ≥ 0.7
//! meet in one of them with probability 0.992 or more. Links and posts are idempotent: meeting twice is harmless.

use serde::{Deserialize, Serialize};
use shoal_model::{Descriptor, Interned, PostRef, Span, TextKey, Timestamp};
use shoal_sketch::{DocId, Neighbour, Sketch, Window};

use crate::key::{Expiry, KeyMap, hour};
use crate::lanes::{Lanes, partition_of};
use crate::record::{Birth, ClusterIn, MatchIn, PublishedText, TextBirth, TextLink, TextPost, Trigger};
use crate::stage::{Emitter, Setup, Stage};
use crate::topology::{Outbox, StageName};
use crate::{Cluster, Config, Error};

/// Min-hashes by which a text is routed.
const ROUTES: usize = 4;

/// Sends a text to every partition that may hold a near-duplicate of it.
pub(crate) fn route(trigger: &Trigger, published: PublishedText, lanes: &mut Lanes<MatchIn>) {
    let partitions = usize::from(lanes.partitions());
    if partitions == 1 {
        lanes.to(0, trigger, MatchIn::Text(Box::new(published)));
        return;
    }
    let mut targets: Vec<usize> = if published.text.shingles.is_empty() {
        vec![partition_of(published.text.key, partitions)]
    } else {
        let keys = published.text.sketch.routing_keys::<ROUTES>();
        keys.into_iter().map(|key| partition_of(key, partitions)).collect()
    };
    targets.sort_unstable();
    targets.dedup();
    for target in targets {
        lanes.to(target, trigger, MatchIn::Text(Box::new(published.clone())));
    }
}

/// The stage.
#[derive(Debug)]
pub struct Match {
    window: Span,
    keep: usize,
    state: MatchState,
    found: Vec<Neighbour>,
}

/// The state of match: the texts of the window.
#[derive(Debug, Serialize, Deserialize)]
pub struct MatchState {
    index: Window,
    texts: KeyMap<TextKey, TextState>,
    documents: KeyMap<DocId, TextKey>,
    expiry: Expiry<TextKey>,
    document_expiry: Expiry<DocId>,
}

/// A text of the window. About 400 B with its post, besides the index.
#[derive(Debug, Serialize, Deserialize)]
struct TextState {
    birth: Birth,
    sketch: Sketch,
    excerpt: Interned<Descriptor>,
    newest: Timestamp,
    indexed: Timestamp,
    similarity: f32,
    shared: bool,
    skipped: u32,
    posts: Vec<KeptPost>,
}

/// A post of a text that only one account has used so far.
#[derive(Debug, Serialize, Deserialize)]
struct KeptPost {
    post: Interned<PostRef>,
    actions: u32,
}

impl KeptPost {
    fn of(published: &PublishedText) -> Self {
        Self { post: Interned::clone(&published.post), actions: published.actions }
    }
}

impl Match {
    /// A partition.
    pub fn new(config: &Config) -> Result<Self, Error> {
        let index = Window::new(shoal_sketch::Config::for_threshold(config.seed, config.text.similarity)?)?;
        Ok(Self {
            window: config.text.window,
            keep: config.text.posts.count(),
            state: MatchState {
                index,
                texts: KeyMap::default(),
                documents: KeyMap::default(),
                expiry: Expiry::default(),
                document_expiry: Expiry::default(),
            },
            found: Vec::new(),
        })
    }

    fn expire(&mut self, at: Timestamp) {
        let before = at.minus(self.window);
        self.state.index.expire(before.micros());
        while let Some(keys) = self.state.expiry.take_before(before) {
            for key in keys {
                if self.state.texts.get(&key).is_some_and(|text| hour(text.newest) < hour(before)) {
                    self.state.texts.remove(&key);
                }
            }
        }
        while let Some(documents) = self.state.document_expiry.take_before(before) {
            for document in documents {
                self.state.documents.remove(&document);
            }
        }
    }

    /// A text that was used before. Returns whether it must be put in the index again: half its time is over.
    fn repeat(&mut self, trigger: &Trigger, published: &PublishedText, out: &mut Emitter<'_, Match>) -> Option<bool> {
        let text = self.state.texts.get_mut(&published.text.key)?;
        if text.newest < trigger.at.minus(self.window) {
            return None;
        }
        if hour(text.newest) != hour(trigger.at) {
            self.state.expiry.touch(published.text.key, trigger.at);
        }
        text.newest = trigger.at;
        let account = published.post.account_key;
        if !text.shared && text.posts.iter().any(|kept| kept.post.account_key != account) {
            let birth = text.as_birth(published.text.key);
            out.to::<Cluster>().to(0, trigger, ClusterIn::Shared(Box::new(birth)));
            text.share(published.text.key, trigger, out);
        }
        if text.shared {
            text.send(published.text.key, trigger, KeptPost::of(published), 0, out);
        } else {
            text.keep(published, self.keep);
        }
        Some(text.indexed < trigger.at.minus(Span::from_micros(self.window.micros() / 2)))
    }

    fn first(&mut self, trigger: &Trigger, published: &PublishedText) {
        let text = TextState {
            birth: Birth { at: published.post.at, post: published.post.key },
            sketch: published.text.sketch,
            excerpt: Interned::clone(&published.text.excerpt),
            newest: trigger.at,
            indexed: trigger.at,
            similarity: 1.0,
            shared: false,
            skipped: 0,
            posts: vec![KeptPost::of(published)],
        };
        self.state.texts.insert(published.text.key, text);
        self.state.expiry.touch(published.text.key, trigger.at);
    }

    /// Looks a text up among the texts of the window, and puts it there.
    fn index(&mut self, trigger: &Trigger, published: &PublishedText, out: &mut Emitter<'_, Match>) {
        let (text, key) = (&published.text, published.text.key);
        self.found.clear();
        let document = self.state.index.insert(trigger.at.micros(), &text.shingles, &text.sketch, &mut self.found);
        self.state.documents.insert(document, key);
        self.state.document_expiry.touch(document, trigger.at);
        if let Some(own) = self.state.texts.get_mut(&key) {
            own.indexed = trigger.at;
        }
        let found = std::mem::take(&mut self.found);
        for neighbour in &found {
            self.link(trigger, key, *neighbour, out);
        }
        self.found = found;
    }

    fn link(&mut self, trigger: &Trigger, key: TextKey, neighbour: Neighbour, out: &mut Emitter<'_, Match>) {
        let Some(older) = self.state.documents.get(&neighbour.doc).copied() else { return };
        if older == key {
            return;
        }
        let births = [self.state.texts.get(&key), self.state.texts.get(&older)];
        let [Some(newer_text), Some(older_text)] = births else { return };
        let link = TextLink { newer: newer_text.as_birth(key), older: older_text.as_birth(older) };
        out.to::<Cluster>().to(0, trigger, ClusterIn::Link(Box::new(link)));
        if let Some(text) = self.state.texts.get_mut(&older) {
            text.share(older, trigger, out);
        }
        if let Some(text) = self.state.texts.get_mut(&key) {
            if !text.shared {
                text.similarity = neighbour.jaccard;
            }
            text.share(key, trigger, out);
        }
    }
}

impl TextState {
    fn as_birth(&self, key: TextKey) -> TextBirth {
        TextBirth { key, birth: self.birth, sketch: self.sketch }
    }

    /// Keeps a post until a second account uses the text; beyond the limit the oldest go.
    fn keep(&mut self, published: &PublishedText, limit: usize) {
        if self.posts.len() >= limit.max(1) {
            self.posts.remove(0);
            self.skipped = self.skipped.saturating_add(1);
        }
        self.posts.push(KeptPost::of(published));
    }

    /// The text is shared from now on: its posts so far go on.
    fn share(&mut self, key: TextKey, trigger: &Trigger, out: &mut Emitter<'_, Match>) {
        if self.shared {
            return;
        }
        self.shared = true;
        let mut skipped = std::mem::take(&mut self.skipped);
        for post in std::mem::take(&mut self.posts) {
            self.send(key, trigger, post, std::mem::take(&mut skipped), out);
        }
    }

    fn send(&self, text: TextKey, trigger: &Trigger, kept: KeptPost, skipped: u32, out: &mut Emitter<'_, Match>) {
        let KeptPost { post, actions } = kept;
        let excerpt = Interned::clone(&self.excerpt);
        let record = TextPost { text, excerpt, post, actions, similarity: self.similarity, skipped };
        out.to::<Cluster>().to(0, trigger, ClusterIn::Post(record));
    }
}

impl Stage for Match {
    const NAME: StageName = StageName::Match;

    type In = MatchIn;
    type State = MatchState;

    fn open(setup: &Setup<'_>, _partition: u16) -> Result<Self, Error> {
        Self::new(setup.config)
    }

    fn lane(outbox: &mut Outbox) -> &mut Lanes<MatchIn> {
        &mut outbox.matching
    }

    fn process(&mut self, trigger: &Trigger, records: &mut Vec<MatchIn>, out: &mut Emitter<'_, Self>) {
        self.expire(trigger.at);
        for MatchIn::Text(published) in records.drain(..) {
            let again = self.repeat(trigger, &published, out);
            if again.is_none() {
                self.first(trigger, &published);
            }
            if again != Some(false) && !published.text.shingles.is_empty() {
                self.index(trigger, &published, out);
            }
        }
    }

    fn state(&self) -> &MatchState {
        &self.state
    }

    fn restore(&mut self, state: MatchState) {
        self.state = state;
    }
}
