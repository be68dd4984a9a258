//! Clusters as they are written and read back.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{AnchoredCluster, Clusters, KeyMap, Member};
use crate::Sketch;

/// Everything alive, in order of keys: the layout of trees and maps in memory does not show.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Clusters")]
struct ClustersImage {
    least: f32,
    horizon: i64,
    latest: i64,
    anchors: Vec<AnchorImage>,
    texts: Vec<TextImage>,
}

#[derive(Serialize, Deserialize)]
struct AnchorImage {
    key: u64,
    birth: (i64, u64),
    seen: i64,
    sketch: Sketch,
}

#[derive(Serialize, Deserialize)]
struct TextImage {
    key: u64,
    /// The place of its cluster among the anchors.
    cluster: u32,
    seen: i64,
}

impl Serialize for Clusters {
    #[expect(clippy::disallowed_methods, reason = "what comes out of the maps is sorted")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let live = self.named.iter().filter(|(_, cluster)| cluster.seen >= self.horizon);
        let mut anchors: Vec<_> = live
            .map(|(&key, cluster)| AnchorImage {
                key,
                birth: cluster.birth,
                seen: cluster.seen,
                sketch: cluster.sketch,
            })
            .collect();
        anchors.sort_unstable_by_key(|anchor| anchor.key);
        let places: KeyMap<u32> = anchors.iter().enumerate().map(|(place, a)| (a.key, place as u32)).collect();
        let mut texts: Vec<_> = self
            .members
            .iter()
            .filter(|(_, member)| member.seen >= self.horizon)
            .filter_map(|(&key, member)| {
                let name = self.forest.name(self.forest.root(member.node));
                Some(TextImage { key, cluster: *places.get(&name)?, seen: member.seen })
            })
            .collect();
        texts.sort_unstable_by_key(|text| text.key);
        let (least, horizon, latest) = (self.least, self.horizon, self.latest);
        ClustersImage { least, horizon, latest, anchors, texts }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Clusters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ClustersImage::deserialize(deserializer)?.open().map_err(de::Error::custom)
    }
}

impl ClustersImage {
    /// The clusters, if the image is one that they could have written.
    fn open(self) -> Result<Clusters, &'static str> {
        let mut clusters = Clusters::new(self.least);
        (clusters.horizon, clusters.swept, clusters.latest) = (self.horizon, self.horizon, self.latest);
        let mut roots = Vec::with_capacity(self.anchors.len());
        for anchor in &self.anchors {
            let root = clusters.forest.plant(anchor.key);
            let cluster = AnchoredCluster { birth: anchor.birth, sketch: anchor.sketch, seen: anchor.seen, root };
            if clusters.named.insert(anchor.key, cluster).is_some() {
                return Err("two clusters have the same anchor");
            }
            roots.push((root, false));
        }
        for text in &self.texts {
            let Some((root, used)) = roots.get_mut(text.cluster as usize) else {
                return Err("a text is in a cluster that is not there");
            };
            *used = true;
            clusters.forest.retain(*root);
            if clusters.members.insert(text.key, Member { node: *root, seen: text.seen }).is_some() {
                return Err("a text is in two clusters");
            }
        }
        if roots.iter().all(|&(_, used)| used) { Ok(clusters) } else { Err("a cluster has no texts") }
    }
}
