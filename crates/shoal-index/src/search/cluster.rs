//! The page about a text object.

use hashbrown::HashMap;
use shoal_model::{TextKey, Timestamp};
use tantivy::Term;
use tantivy::columnar::Column;

use super::account::ALERTS;
use super::alerts::{VerdictsOf, newest_of};
use super::facets::{TimeCounts, ValueCounts};
use super::pages::{ClusterPage, TextVariant};
use super::request::{TopField, Total};
use super::scan::{Hit, Scan, ScannedSegment, Visitor, tantivy_error};
use super::similar::{Grams, similarity};
use super::stored::{PostAddress, PostReader, stored_post};
use super::texts::text_object;
use crate::budget::Budget;
use crate::query::{InvalidValue, TermQueries, key};
use crate::store::snapshot::Snapshot;
use crate::{Error, SearchLimits};

/// Variants on the page.
const VARIANTS: usize = 50;

/// Accounts, platforms and languages on the page.
const TOP: usize = 10;

/// A post's place in the order of time; posts of one moment are ordered by their origin.
type PostOrder = (i64, u64, PostAddress);

/// The posts with one folded text.
struct VariantCount {
    posts: u64,
    first: PostOrder,
}

/// Counts over the posts of a text object.
struct ClusterCollector<'a> {
    variants: HashMap<TextKey, VariantCount>,
    last: Option<PostOrder>,
    times: TimeCounts,
    authors: ValueCounts,
    platforms: ValueCounts,
    languages: ValueCounts,
    budget: &'a Budget,
    place: (usize, u32),
    columns: Option<(Column<u64>, Column<u64>)>,
}

impl ClusterCollector<'_> {
    fn values(&mut self) -> [&mut ValueCounts; 3] {
        [&mut self.authors, &mut self.platforms, &mut self.languages]
    }
}

impl Visitor for ClusterCollector<'_> {
    fn begin(&mut self, place: &ScannedSegment<'_>) -> Result<(), Error> {
        self.place = (place.bucket, place.segment);
        let fast = place.reader.fast_fields();
        let origins = fast.u64("origin").map_err(tantivy_error("posts"))?;
        self.columns = Some((origins, fast.u64("text_key").map_err(tantivy_error("posts"))?));
        self.values().into_iter().try_for_each(|values| values.begin(place.reader))
    }

    fn hits(&mut self, hits: &[Hit]) -> Result<(), Error> {
        for hit in hits {
            let Some((origins, keys)) = &self.columns else { continue };
            let Some(text) = keys.first(hit.document).map(TextKey::from_raw) else { continue };
            let address = PostAddress { bucket: self.place.0, segment: self.place.1, document: hit.document };
            let moment = (hit.at, origins.first(hit.document).unwrap_or(0), address);
            let copies = self.variants.entry(text).or_insert(VariantCount { posts: 0, first: moment });
            copies.posts += 1;
            copies.first = copies.first.min(moment);
            self.last = self.last.max(Some(moment));
            self.times.add(hit.at);
        }
        let budget = self.budget;
        self.values().into_iter().try_for_each(|values| values.hits(hits, budget))
    }

    fn end(&mut self) -> Result<(), Error> {
        let budget = self.budget;
        self.values().into_iter().try_for_each(|values| values.end(budget))
    }
}

/// A text object by its key in hexadecimal; `None` when it has no posts.
pub(super) fn cluster(
    snapshot: &Snapshot,
    id: &str,
    limits: &SearchLimits,
    feedback: VerdictsOf<'_>,
) -> Result<Option<ClusterPage>, Error> {
    let budget = Budget::start(limits);
    let told = |InvalidValue { problem, remedy }| Error::InvalidRequest { field: "cluster", problem, remedy };
    let object = text_object(snapshot, key(id.trim()).map_err(told)?, limits, &budget)?;
    let queries = TermQueries { budget: &budget };
    let query = queries.any_key(snapshot.posts.text_key, "text_key", object.texts);
    let range = (Timestamp::MIN, Timestamp::MAX);
    let scan = Scan::new(&snapshot.buckets, query.as_ref(), range, false, &budget);
    let mut life = ClusterCollector {
        variants: HashMap::new(),
        last: None,
        times: TimeCounts::default(),
        authors: ValueCounts::lenient(TopField::Author.name()),
        platforms: ValueCounts::lenient(TopField::Platform.name()),
        languages: ValueCounts::lenient(TopField::Language.name()),
        budget: &budget,
        place: (0, 0),
        columns: None,
    };
    for (at, _) in scan.reached() {
        if !scan.bucket(at, &mut life)? {
            return Err(budget.time_out());
        }
    }
    let first = life.variants.values().map(|copies| copies.first).min();
    let Some(((_, _, first), (_, _, last))) = first.zip(life.last) else { return Ok(None) };
    let mut finder = PostReader::new(snapshot, &budget);
    let first = finder.found(first)?;
    let variants = variants(snapshot, &life.variants, &first.post.text)?;
    let objects = object.objects.iter().map(|key| Term::from_field_u64(snapshot.alert_fields.object, key.raw()));
    let (accounts, all) = life.authors.number();
    let posts = life.variants.values().map(|copies| copies.posts).sum();
    Ok(Some(ClusterPage {
        id: object.object.to_string(),
        last: finder.found(last)?,
        first,
        posts: Total { count: posts, exact: !object.cut },
        accounts: Total { count: accounts, exact: all && !object.cut },
        histogram: life.times.histogram(),
        authors: life.authors.top(TOP),
        platforms: life.platforms.top(TOP),
        languages: life.languages.top(TOP),
        variants,
        variants_total: life.variants.len() as u64,
        alerts: newest_of(snapshot, queries.any_term(objects), ALERTS, &budget, feedback)?,
    }))
}

/// The variants with most posts, ties by age, each compared with the oldest text.
fn variants(
    snapshot: &Snapshot,
    all: &HashMap<TextKey, VariantCount>,
    oldest: &str,
) -> Result<Vec<TextVariant>, Error> {
    let mut most: Vec<(&TextKey, &VariantCount)> = all.iter().collect();
    most.sort_unstable_by(|a, b| b.1.posts.cmp(&a.1.posts).then(a.1.first.cmp(&b.1.first)));
    let mut grams = Grams::new();
    let of_oldest = grams.of(oldest);
    let variant = |(key, copies): (&TextKey, &VariantCount)| {
        let first = stored_post(snapshot, copies.first.2)?;
        let similarity = similarity(&of_oldest, &grams.of(&first.text));
        Ok(TextVariant { text_key: key.to_string(), first, posts: copies.posts, similarity })
    };
    most.into_iter().take(VARIANTS).map(variant).collect()
}
