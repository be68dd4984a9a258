//! Clusters of linked texts that do not chain.

mod forest;
mod image;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use self::forest::{Forest, ForestNode};
use crate::Sketch;
use crate::hash::mix;

/// The similarity that two anchors must have for their clusters to merge, estimated from their sketches, where nothing
/// else is asked for.
pub const ANCHOR_SIMILARITY: f32 = 0.4;

/// Memory is given back eight times while the horizon moves over what is alive.
const SWEEPS: i64 = 8;

/// A text, as a link names it.
#[derive(Debug, Clone, Copy)]
pub struct TextRef<'a> {
    /// The text's key: a keyed hash of its content.
    pub key: u64,
    /// The time at which the text was first seen, and a number that decides between equal times.
    pub birth: (i64, u64),
    /// The text's sketch.
    pub sketch: &'a Sketch,
}

/// The outcome of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linked {
    /// The cluster of the newer text: the key of the anchor.
    pub cluster: u64,
    /// Set when both texts are in that cluster. If not, the anchors were too different, and the link was dropped.
    pub joined: bool,
    /// The merge that the link caused, if the cluster that ended was known before.
    pub merged: Option<Merged>,
}

/// A cluster that became part of another. What was said of `from` holds of `into` from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merged {
    /// The cluster that ended.
    pub from: u64,
    /// The cluster it is part of.
    pub into: u64,
}

/// Hashes keys that are hashes already, against a crafted pattern in their lower bits.
#[derive(Debug, Clone, Copy, Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = mix(self.0 ^ key);
    }
}

type KeyMap<T> = HashMap<u64, T, BuildHasherDefault<KeyHasher>>;

/// A linked text.
#[derive(Debug, Clone, Copy)]
struct Member {
    node: ForestNode,
    seen: i64,
}

/// A cluster, by its anchor's key.
#[derive(Debug, Clone, Copy)]
struct AnchoredCluster {
    birth: (i64, u64),
    sketch: Sketch,
    /// The time at which one of its texts was last seen.
    seen: i64,
    root: ForestNode,
}

/// Clusters of linked texts, each with an **anchor**: the oldest text it ever had. The anchor's key is the cluster's
/// name.
///
/// A text starts as a cluster of its own. A [`link`](Clusters::link) between texts of different clusters merges the two
/// if the estimated similarity of their anchors is high enough, and the older anchor (by birth, then by key) names the
/// merged cluster. So every text of a cluster came in through anchors that were similar, and clusters do not chain from
/// one text to a wholly different one as plain union-find does. A link that the anchors refuse is dropped: both texts
/// stay where they are, if need be in clusters of their own.
///
/// **Order.** The outcome is a function of the sequence of calls. It does not matter which text of a link is called the
/// newer, except for which cluster is reported. A link that joined is joined for good; a link that was refused may join
/// if it is given again after one of the clusters got an older anchor. Giving a link again at once changes nothing.
///
/// **Forgetting.** A text that was not seen since [`expire`](Clusters::expire)'s horizon is forgotten at once. A cluster
/// lives, with its name and its anchor's sketch, while any of its texts lives, also after the anchor itself is
/// forgotten; an anchor that comes back joins its cluster again. A name that ended by a merge can be used again if its
/// text is forgotten, comes back and is not let in.
///
/// A text takes a map entry of 24 bytes and a byte of bookkeeping (divided by the map's load), each cluster about 200
/// bytes more. Serialisable; equal contents give equal bytes.
#[derive(Debug, Clone)]
pub struct Clusters {
    /// The least similarity of the anchors of clusters that merge.
    least: f32,
    members: KeyMap<Member>,
    /// By the anchor's key.
    named: KeyMap<AnchoredCluster>,
    forest: Forest,
    /// Texts last seen before this are forgotten.
    horizon: i64,
    /// The horizon when memory was last given back.
    swept: i64,
    /// The highest time so far.
    latest: i64,
}

impl Clusters {
    /// No clusters yet. Merging needs anchors with at least `min_similarity` equal slots: 0 to 1, and
    /// [`ANCHOR_SIMILARITY`] where nothing speaks for another value. At 0 or less every link joins, above 1 and for NaN
    /// none does.
    pub fn new(min_similarity: f32) -> Self {
        Self {
            least: min_similarity,
            members: KeyMap::default(),
            named: KeyMap::default(),
            forest: Forest::default(),
            horizon: i64::MIN,
            swept: i64::MIN,
            latest: i64::MIN,
        }
    }

    /// Takes in that two texts are near-duplicates, seen now at `at`. A time before the horizon counts as the horizon.
    ///
    /// A cluster that ends by the link is reported as merged unless the link itself made it: the cluster of a text that
    /// nobody heard of before is nobody's concern.
    pub fn link(&mut self, at: i64, newer: TextRef<'_>, older: TextRef<'_>) -> Linked {
        let (newer_is_new, newer_root) = self.admit_text(at, newer);
        let (older_is_new, older_root) = self.admit_text(at, older);
        let (newer_name, older_name) = (self.forest.name(newer_root), self.forest.name(older_root));
        if newer_root == older_root {
            return Linked { cluster: newer_name, joined: true, merged: None };
        }
        let (Some(left), Some(right)) = (self.named.get(&newer_name), self.named.get(&older_name)) else {
            return Linked { cluster: newer_name, joined: false, merged: None };
        };
        let (left, right) = (*left, *right);
        if left.sketch.similarity(&right.sketch) >= self.least {
            let newer_survives = (left.birth, newer_name) < (right.birth, older_name);
            let (into, from, from_is_new) = if newer_survives {
                (newer_name, older_name, older_is_new)
            } else {
                (older_name, newer_name, newer_is_new)
            };
            self.merge(into, from, [left, right]);
            let merged = (!from_is_new).then_some(Merged { from, into });
            return Linked { cluster: into, joined: true, merged };
        }
        Linked { cluster: newer_name, joined: false, merged: None }
    }

    /// Makes a text known that has no link yet, seen now at `at`, so that a merge of its cluster will be reported; and
    /// says which cluster it is in, its own if it is new.
    pub fn admit(&mut self, at: i64, text: TextRef<'_>) -> u64 {
        let (_, root) = self.admit_text(at, text);
        self.forest.name(root)
    }

    /// The cluster of a text: the key of the anchor. `None` for a text that is not known, or not any more.
    pub fn cluster_of(&self, key: u64) -> Option<u64> {
        let member = self.members.get(&key).filter(|member| member.seen >= self.horizon)?;
        Some(self.forest.name(self.forest.root(member.node)))
    }

    /// Takes in that a text was seen again. A text that is not known, and a time before its last, change nothing.
    pub fn touch(&mut self, key: u64, at: i64) {
        if self.members.get(&key).is_some_and(|member| member.seen >= self.horizon) {
            self.see(key, at.max(self.horizon));
        }
    }

    /// Forgets the texts that were last seen before `before`, and the clusters whose every text was. The horizon never
    /// moves back.
    pub fn expire(&mut self, before: i64) {
        self.horizon = self.horizon.max(before);
        let span = self.latest.saturating_sub(self.horizon).max(0);
        if self.horizon.saturating_sub(self.swept) > span / SWEEPS {
            self.sweep();
        }
    }

    /// The number of texts in memory; those forgotten since memory was last given back are among them.
    pub fn texts(&self) -> usize {
        self.members.len()
    }

    /// The number of clusters in memory; those that ended since memory was last given back are among them.
    pub fn clusters(&self) -> usize {
        self.named.len()
    }

    /// The memory in use, in bytes, as far as the maps' sizes say it.
    pub fn bytes(&self) -> usize {
        // A map has a byte of bookkeeping per place, and at most 7 of 8 places are in use.
        let map = |places: usize, entry: usize| places * 8 / 7 * (entry + 1);
        size_of::<Self>()
            + map(self.members.capacity(), size_of::<(u64, Member)>())
            + map(self.named.capacity(), size_of::<(u64, AnchoredCluster)>())
            + self.forest.bytes()
    }

    /// The root of a text's cluster, which is made if need be, and whether it was.
    fn admit_text(&mut self, at: i64, text: TextRef<'_>) -> (bool, ForestNode) {
        let at = at.max(self.horizon);
        match self.members.get(&text.key) {
            Some(member) if member.seen >= self.horizon => return (false, self.see(text.key, at)),
            Some(_) => self.forget(text.key),
            None => {}
        }
        let own = self.named.get(&text.key).filter(|cluster| cluster.seen >= self.horizon);
        let (is_new, root) = match own {
            Some(cluster) => (false, cluster.root),
            None => (true, self.found(at, text)),
        };
        self.forest.retain(root);
        self.members.insert(text.key, Member { node: root, seen: at });
        self.see(text.key, at);
        (is_new, root)
    }

    /// A new cluster with this text as its anchor.
    fn found(&mut self, at: i64, text: TextRef<'_>) -> ForestNode {
        let root = self.forest.plant(text.key);
        // A cluster of this name whose texts are all forgotten, but still in memory, gives way here.
        self.named.insert(text.key, AnchoredCluster { birth: text.birth, sketch: *text.sketch, seen: at, root });
        root
    }

    /// Notes when a known text and its cluster were seen; the root of the cluster.
    fn see(&mut self, key: u64, at: i64) -> ForestNode {
        self.latest = self.latest.max(at);
        let Some(member) = self.members.get_mut(&key) else { return ForestNode::default() };
        member.seen = member.seen.max(at);
        member.node = self.forest.climb(member.node);
        let root = member.node;
        if let Some(cluster) = self.named.get_mut(&self.forest.name(root)) {
            cluster.seen = cluster.seen.max(at);
        }
        root
    }

    /// Makes the cluster `from` part of `into`; both are given too.
    fn merge(&mut self, into: u64, from: u64, [left, right]: [AnchoredCluster; 2]) {
        let root = self.forest.join(left.root, right.root, into);
        self.named.remove(&from);
        if let Some(cluster) = self.named.get_mut(&into) {
            cluster.root = root;
            cluster.seen = left.seen.max(right.seen);
        }
    }

    /// Removes a text from memory.
    fn forget(&mut self, key: u64) {
        if let Some(member) = self.members.remove(&key) {
            release(&mut self.forest, &mut self.named, member.node);
        }
    }

    /// Gives back the memory of forgotten texts. In which order they go cannot be seen from outside.
    fn sweep(&mut self) {
        let (forest, clusters, horizon) = (&mut self.forest, &mut self.named, self.horizon);
        self.members.retain(|_, member| {
            let lives = member.seen >= horizon;
            if !lives {
                release(forest, clusters, member.node);
            }
            lives
        });
        shrink(&mut self.members);
        shrink(&mut self.named);
        self.swept = self.horizon;
    }
}

/// Lets go of a text's hold on its node, and ends the cluster if it was the last.
fn release(forest: &mut Forest, clusters: &mut KeyMap<AnchoredCluster>, node: ForestNode) {
    let Some((name, root)) = forest.release(node) else { return };
    // A younger cluster may have taken the name since.
    if clusters.get(&name).is_some_and(|cluster| cluster.root == root) {
        clusters.remove(&name);
    }
}

/// Gives memory back that is far more than needed.
fn shrink<T>(map: &mut KeyMap<T>) {
    if map.capacity() > 4 * map.len() {
        map.shrink_to(2 * map.len());
    }
}

#[cfg(test)]
mod tests;
