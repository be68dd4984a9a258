//! Findings for the observer of a run besides alerts: posts that were kept, texts that became objects.

use std::collections::BTreeMap;

use shoal_model::{Post, TextKey};
use shoal_sketch::Sketch;

use super::{Analysed, AnalysedText, ExplicitTrace, ObjectMerge, PostEntities, TextObject};

/// Findings about the posts of one drive.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    /// The posts that prepare kept: duplicates are not among them.
    pub posts: Vec<KeptPost>,
    /// The posts that it left out: their accounts have used the ids before.
    pub duplicates: Vec<DuplicatePost>,
    /// Texts that became known, by their keys.
    pub texts: BTreeMap<TextKey, TextObject>,
    /// Text objects that became one.
    pub merges: Vec<ObjectMerge>,
}

/// A post that prepare kept, with all that analysis found in it.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptPost {
    /// The number under which the driver sent it.
    pub number: u64,
    /// The post.
    pub post: Post,
    /// The explicit objects that it acts on.
    pub objects: Vec<ExplicitTrace>,
    /// The text, if it counts.
    pub text: Option<KeptText>,
    /// The addresses and hashtags.
    pub entities: PostEntities,
}

/// A post that prepare left out.
#[derive(Debug, Clone, PartialEq)]
pub struct DuplicatePost {
    /// The number under which the driver sent it.
    pub number: u64,
    /// The post.
    pub post: Post,
}

/// The text of a kept post in the views used for matching.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeptText {
    /// The key of the folded text: equal keys are equal texts.
    pub key: TextKey,
    /// The sketch; `None` for a text that matches exactly only.
    pub sketch: Option<Sketch>,
}

impl KeptPost {
    /// A kept post from the parts of an analysed one, whose other parts go on.
    pub(crate) fn new(
        number: u64,
        post: Post,
        traces: &[ExplicitTrace],
        text: Option<&AnalysedText>,
        entities: Option<Box<PostEntities>>,
    ) -> Self {
        let entities = entities.map_or_else(|| PostEntities::of(&post), |entities| *entities);
        Self { number, post, objects: traces.to_vec(), text: text.map(KeptText::of), entities }
    }
}

impl From<Analysed> for KeptPost {
    fn from(analysed: Analysed) -> Self {
        Self::new(analysed.number, analysed.post, &analysed.traces, analysed.text.as_ref(), analysed.entities)
    }
}

impl KeptText {
    fn of(text: &AnalysedText) -> Self {
        // A text without shingles has an empty sketch, which is like any other empty one.
        Self { key: text.key, sketch: (!text.shingles.is_empty()).then_some(text.sketch) }
    }
}

impl Observed {
    /// Adds what another partition has to tell.
    pub fn append(&mut self, mut other: Self) {
        self.posts.append(&mut other.posts);
        self.duplicates.append(&mut other.duplicates);
        self.texts.append(&mut other.texts);
        self.merges.append(&mut other.merges);
    }

    /// Two objects became one: texts told before belong to the one that remains.
    pub(crate) fn merge(&mut self, merge: ObjectMerge) {
        for text in self.texts.values_mut().filter(|text| text.object == merge.old) {
            text.object = merge.new;
        }
        self.merges.push(merge);
    }
}
