//! Cluster: texts that are one object.
//!
//! Linked texts form clusters around an anchor, the oldest text; the anchor's key is the identity of the object.
//! Every post of a linked or repeated text leaves a trace on the object that its text belongs to at that moment.
//! Tie and group are told when two clusters become one; traces already left keep their object.

use serde::{Deserialize, Serialize};
use shoal_model::{Layer, ObjectKey, PostKey, Span, TextKey, Timestamp, Trace};
use shoal_sketch::{ANCHOR_SIMILARITY, Clusters, TextRef};

use crate::key::{Expiry, KeyMap, Keyer, hour};
use crate::lanes::Lanes;
use crate::record::{
    ClusterIn, GroupIn, Merge, ObjectMerge, PairIn, TextBirth, TextLink, TextObject, TextPost, TieIn, Trigger,
};
use crate::stage::{Emitter, Setup, Stage};
use crate::topology::{Outbox, StageName};
use crate::{Config, Error, Group, Pair, Tie};

/// The stage.
#[derive(Debug)]
pub struct Cluster {
    window: Span,
    keyer: Keyer,
    state: ClusterState,
}

/// The state of cluster: shared texts and the clusters they are in.
#[derive(Debug, Serialize, Deserialize)]
pub struct ClusterState {
    clusters: Clusters,
    texts: KeyMap<TextKey, SharedText>,
    expiry: Expiry<TextKey>,
}

/// A text whose posts arrive here.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct SharedText {
    newest: Timestamp,
    /// The moment its earlier posts arrived. Another partition of match may send them again later.
    since: Timestamp,
    /// The post that made them arrive.
    cause: PostKey,
}

impl Cluster {
    /// The one partition.
    pub fn new(config: &Config) -> Self {
        Self {
            window: config.text.window,
            keyer: Keyer::new(config.seed),
            state: ClusterState {
                clusters: Clusters::new(ANCHOR_SIMILARITY),
                texts: KeyMap::default(),
                expiry: Expiry::default(),
            },
        }
    }

    fn expire(&mut self, at: Timestamp) {
        let before = at.minus(self.window);
        self.state.clusters.expire(before.micros());
        while let Some(keys) = self.state.expiry.take_before(before) {
            for key in keys {
                if self.state.texts.get(&key).is_some_and(|text| hour(text.newest) < hour(before)) {
                    self.state.texts.remove(&key);
                }
            }
        }
    }

    fn link(&mut self, trigger: &Trigger, link: &TextLink, out: &mut Emitter<'_, Cluster>) {
        let linked = self.state.clusters.link(trigger.at.micros(), reference(&link.newer), reference(&link.older));
        if let Some(merged) = linked.merged {
            let [old, new] = [merged.from, merged.into].map(|anchor| self.object(TextKey::from_raw(anchor)));
            let merge = Merge { old, new };
            out.to::<Tie>().broadcast(trigger, &TieIn::Merge(merge));
            out.to::<Group>().broadcast(trigger, &GroupIn::Merge(merge));
            if let Some(observed) = out.observed() {
                observed.merge(ObjectMerge { old: merge.old, new: merge.new, at: trigger.at });
            }
        }
    }

    /// The object that a text belongs to now, if several accounts have published it or one like it.
    fn object_of(&self, text: TextKey) -> Option<ObjectKey> {
        let anchor = self.anchor_of(text).or_else(|| self.state.texts.get(&text).map(|_| text));
        anchor.map(|anchor| self.object(anchor))
    }

    /// Tells an observer which objects texts belong to.
    fn tell(&self, trigger: &Trigger, texts: Vec<TextKey>, out: &mut Emitter<'_, Self>) {
        let Some(observed) = out.observed() else { return };
        for text in texts {
            if let Some(object) = self.object_of(text) {
                observed.texts.insert(text, TextObject { text, object, at: trigger.at });
            }
        }
    }

    /// The anchor of a text's cluster, if it is in one.
    fn anchor_of(&self, text: TextKey) -> Option<TextKey> {
        self.state.clusters.cluster_of(text.raw()).map(TextKey::from_raw)
    }

    fn object(&self, anchor: TextKey) -> ObjectKey {
        self.keyer.text_object(Layer::Text, anchor)
    }

    /// Tells whether this post arrives for the first time, not again by way of another partition of match.
    fn is_new(&mut self, trigger: &Trigger, post: &TextPost) -> bool {
        let cause = trigger.post.as_ref().map_or(PostKey::from_raw(0), |cause| cause.key);
        let forgotten = trigger.at.minus(self.window);
        let text = self.state.texts.get_mut(&post.text).filter(|text| text.newest >= forgotten);
        let Some(text) = text else {
            self.state.expiry.touch(post.text, trigger.at);
            let text = SharedText { newest: trigger.at, since: trigger.at, cause };
            self.state.texts.insert(post.text, text);
            return true;
        };
        if hour(text.newest) != hour(trigger.at) {
            self.state.expiry.touch(post.text, trigger.at);
        }
        text.newest = trigger.at;
        trigger.is(&post.post) || (text.since == trigger.at && text.cause == cause)
    }

    fn post(&mut self, trigger: &Trigger, post: TextPost, out: &mut Emitter<'_, Cluster>) {
        if !self.is_new(trigger, &post) {
            return;
        }
        self.state.clusters.touch(post.text.raw(), trigger.at.micros());
        let anchor = self.anchor_of(post.text).unwrap_or(post.text);
        let trace = Trace {
            layer: Layer::Text,
            object: self.object(anchor),
            descriptor: post.excerpt,
            post: post.post,
            actions: post.actions,
            similarity: post.similarity,
        };
        out.to::<Pair>().send(trace.object, trigger, PairIn::Trace { trace, skipped: post.skipped });
    }
}

/// The texts that records are about.
fn texts_of(records: &[ClusterIn]) -> Vec<TextKey> {
    let texts = records.iter().flat_map(|record| match record {
        ClusterIn::Post(post) => [Some(post.text), None],
        ClusterIn::Link(link) => [Some(link.older.key), Some(link.newer.key)],
        ClusterIn::Shared(text) => [Some(text.key), None],
    });
    texts.flatten().collect()
}

fn reference(text: &TextBirth) -> TextRef<'_> {
    TextRef { key: text.key.raw(), birth: (text.birth.at.micros(), text.birth.post.raw()), sketch: &text.sketch }
}

impl Stage for Cluster {
    const NAME: StageName = StageName::Cluster;

    type In = ClusterIn;
    type State = ClusterState;

    fn open(setup: &Setup<'_>, _partition: u16) -> Result<Self, Error> {
        Ok(Self::new(setup.config))
    }

    fn lane(outbox: &mut Outbox) -> &mut Lanes<ClusterIn> {
        &mut outbox.cluster
    }

    fn process(&mut self, trigger: &Trigger, records: &mut Vec<ClusterIn>, out: &mut Emitter<'_, Self>) {
        self.expire(trigger.at);
        let texts = if out.observed().is_some() { texts_of(records) } else { Vec::new() };
        let mut last = None;
        for record in records.drain(..) {
            match record {
                ClusterIn::Shared(text) => {
                    self.state.clusters.admit(trigger.at.micros(), reference(&text));
                }
                ClusterIn::Link(link) => self.link(trigger, &link, out),
                ClusterIn::Post(post) => {
                    // Several partitions of match may send the same post at once; they are neighbours here.
                    let this = Some((post.text, post.post.key));
                    if last != this {
                        last = this;
                        self.post(trigger, post, out);
                    }
                }
            }
        }
        self.tell(trigger, texts, out);
    }

    fn state(&self) -> &ClusterState {
        &self.state
    }

    fn restore(&mut self, state: ClusterState) {
        self.state = state;
    }
}
