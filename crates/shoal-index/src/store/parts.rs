//! The parts of an index: a bucket of posts for each stretch of event time, alerts, texts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use shoal_model::Timestamp;
use tantivy::Searcher;
use tantivy::schema::Schema;

use crate::Error;
use crate::schema::{AlertFields, PostFields, TextFields};
use crate::store::disk;
use crate::store::part::{self, IndexPart, OpenFault};
use crate::store::snapshot::{BucketView, Snapshot};

/// Suffix of a bucket's directory while it is being dropped.
const DROPPED: &str = ".dropped";

/// Suffix of a damaged part that was set aside, followed by a number.
const DAMAGED: &str = ".damaged-";

/// Bytes whose checksums are verified when an index is opened to be written to, the newest first.
const CHECKED: u64 = 1 << 30;

/// All parts of an index, open to be searched.
pub(crate) struct IndexParts {
    directory: PathBuf,
    pub(crate) id: Arc<str>,
    pub(crate) post_fields: Arc<PostFields>,
    pub(crate) alert_fields: Arc<AlertFields>,
    pub(crate) text_fields: Arc<TextFields>,
    pub(crate) buckets: BTreeMap<Timestamp, Bucket>,
    pub(crate) alerts: IndexPart,
    pub(crate) texts: IndexPart,
    /// Number of damaged parts that are set aside, or passed over by a reader.
    pub(crate) damaged: u64,
}

/// A bucket of posts.
pub(crate) struct Bucket {
    pub(crate) part: IndexPart,
    view: BucketView,
}

/// Treatment of damage and of leftovers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenMode {
    /// This process holds the lock: damage is set aside, leftovers of a crash are cleared.
    Write,
    /// Another process may hold it: damage is passed over.
    Read,
}

impl Bucket {
    fn new(part: IndexPart) -> Result<Self, Error> {
        let view = view(&part)?;
        Ok(Self { part, view })
    }

    /// The first and last `observed_at` of its posts.
    pub(crate) const fn range(&self) -> Option<(Timestamp, Timestamp)> {
        self.view.range
    }

    pub(crate) fn reload(&mut self) -> Result<(), Error> {
        self.part.reload()?;
        self.view = view(&self.part)?;
        Ok(())
    }

    fn follow(&mut self) -> Result<bool, Error> {
        let changed = self.part.follow()?;
        if changed {
            self.view = view(&self.part)?;
        }
        Ok(changed)
    }
}

fn view(part: &IndexPart) -> Result<BucketView, Error> {
    let searcher = part.searcher();
    let range = range(&searcher).map_err(disk::tantivy_error(part.path()))?;
    Ok(BucketView { range, searcher })
}

/// The first and last time of posts in a bucket; posts that were deleted may still count.
fn range(searcher: &Searcher) -> tantivy::Result<Option<(Timestamp, Timestamp)>> {
    let mut range: Option<(i64, i64)> = None;
    for reader in searcher.segment_readers().iter().filter(|reader| reader.num_docs() > 0) {
        let column = reader.fast_fields().i64("at")?;
        let (first, last) = (column.min_value(), column.max_value());
        range = Some(range.map_or((first, last), |(a, b)| (a.min(first), b.max(last))));
    }
    Ok(range.map(|(first, last)| (Timestamp::from_micros(first), Timestamp::from_micros(last))))
}

impl IndexParts {
    /// Opens all parts, and makes those that every index has.
    pub(crate) fn open(directory: &Path, id: Arc<str>, mode: OpenMode) -> Result<Self, Error> {
        let fields = (PostFields::new(), AlertFields::new(), TextFields::new());
        let mut damaged = 0;
        let mut checked = CHECKED;
        let listed = list(directory, mode, &mut damaged)?;
        let mut whole = |name: &str, schema: &Schema| {
            let path = directory.join(name);
            match open_part(&path, schema, mode, &mut checked, &mut damaged)? {
                Some(part) => Ok(part),
                None if mode == OpenMode::Write => IndexPart::create(&path, schema),
                None => Err(Error::Damaged {
                    path,
                    detail: "it cannot be read".to_owned(),
                    remedy: "let `shoal run` open the index, which sets it aside and makes a new one".to_owned(),
                }),
            }
        };
        let (alerts, texts) = (whole("alerts", &fields.1.schema)?, whole("texts", &fields.2.schema)?);
        let mut buckets = BTreeMap::new();
        for (start, path) in listed.into_iter().rev() {
            if let Some(part) = open_part(&path, &fields.0.schema, mode, &mut checked, &mut damaged)? {
                buckets.insert(start, Bucket::new(part)?);
            }
        }
        Ok(Self {
            directory: directory.to_owned(),
            id,
            post_fields: Arc::new(fields.0),
            alert_fields: Arc::new(fields.1),
            text_fields: Arc::new(fields.2),
            buckets,
            alerts,
            texts,
            damaged,
        })
    }

    /// A snapshot of everything that is searchable now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            id: Arc::clone(&self.id),
            buckets: self.buckets.values().map(|bucket| bucket.view.clone()).collect(),
            posts: Arc::clone(&self.post_fields),
            alerts: self.alerts.searcher(),
            alert_fields: Arc::clone(&self.alert_fields),
            texts: self.texts.searcher(),
            text_fields: Arc::clone(&self.text_fields),
            bytes: self.all().map(IndexPart::bytes).sum(),
        }
    }

    /// All parts: buckets from the oldest on, alerts, texts.
    pub(crate) fn all(&self) -> impl Iterator<Item = &IndexPart> {
        self.buckets.values().map(|bucket| &bucket.part).chain([&self.alerts, &self.texts])
    }

    /// The bucket that begins at `start`, made where it is not there.
    pub(crate) fn make_bucket(&mut self, start: Timestamp) -> Result<&mut Bucket, Error> {
        use std::collections::btree_map::Entry;
        match self.buckets.entry(start) {
            Entry::Occupied(bucket) => Ok(bucket.into_mut()),
            Entry::Vacant(place) => {
                let path = self.directory.join("posts").join(name(start));
                Ok(place.insert(Bucket::new(IndexPart::create(&path, &self.post_fields.schema)?)?))
            }
        }
    }

    /// Drops a bucket. Its directory is renamed; [`clear`] removes it once no snapshot shows it.
    pub(crate) fn drop_bucket(&mut self, start: Timestamp) -> Result<Option<PathBuf>, Error> {
        let Some(bucket) = self.buckets.remove(&start) else { return Ok(None) };
        let path = bucket.part.path().to_owned();
        let dropped = with_suffix(&path, DROPPED);
        fs::rename(&path, &dropped).map_err(disk::failed(&path))?;
        Ok(Some(dropped))
    }

    /// Loads what another process has committed, made and dropped since; returns `false` when nothing changed.
    pub(crate) fn follow(&mut self) -> Result<bool, Error> {
        let mut changed = false;
        let mut damaged = 0;
        let there: BTreeMap<_, _> = list(&self.directory, OpenMode::Read, &mut damaged)?.into_iter().collect();
        let before = self.buckets.len();
        self.buckets.retain(|start, _| there.contains_key(start));
        changed |= self.buckets.len() < before;
        for (start, path) in there {
            if let Some(bucket) = self.buckets.get_mut(&start) {
                match bucket.follow() {
                    Ok(is_new) => changed |= is_new,
                    // It was dropped just now.
                    Err(_) if !path.exists() => {
                        self.buckets.remove(&start);
                        changed = true;
                    }
                    Err(error) => return Err(error),
                }
            } else if let Some(part) = open_part(&path, &self.post_fields.schema, OpenMode::Read, &mut 0, &mut damaged)?
            {
                self.buckets.insert(start, Bucket::new(part)?);
                changed = true;
            }
        }
        self.damaged = damaged;
        changed |= self.alerts.follow()?;
        changed |= self.texts.follow()?;
        Ok(changed)
    }
}

/// Removes a bucket that was dropped.
pub(crate) fn clear(dropped: &Path) -> Result<(), Error> {
    disk::remove(dropped)
}

/// Opens a part; `None` when it is not there, or is damaged.
fn open_part(
    path: &Path,
    schema: &Schema,
    mode: OpenMode,
    checked: &mut u64,
    damaged: &mut u64,
) -> Result<Option<IndexPart>, Error> {
    let opened = IndexPart::open(path, schema).and_then(|part| {
        if mode == OpenMode::Write {
            IndexPart::check(path, checked)?;
        }
        Ok(part)
    });
    let detail = match opened {
        Ok(mut part) => {
            if mode == OpenMode::Write && IndexPart::has_strays(path)? {
                let writer = part::quiet_writer(path)?;
                writer.garbage_collect_files().wait().map_err(disk::tantivy_error(path))?;
                drop(writer);
                part.reload()?;
            }
            return Ok(Some(part));
        }
        Err(OpenFault::Absent) => {
            // It was being made, or dropped, when the process was killed.
            if mode == OpenMode::Write {
                disk::remove(path)?;
            }
            return Ok(None);
        }
        Err(OpenFault::Failed(error)) => return Err(error),
        Err(OpenFault::Damaged(detail)) => detail,
    };
    *damaged += 1;
    if mode == OpenMode::Write {
        let aside = aside(path);
        fs::rename(path, &aside).map_err(disk::failed(path))?;
        tracing::error!(
            path = %path.display(),
            detail,
            aside = %aside.display(),
            "a part of the index is damaged and was set aside: what it held cannot be found any more. A run from the \
             beginning of its inputs, into a new state directory, indexes again what they still hold"
        );
    } else {
        tracing::error!(path = %path.display(), detail, "a part of the index is damaged and is passed over");
    }
    Ok(None)
}

/// A free name for a damaged part.
fn aside(path: &Path) -> PathBuf {
    let mut number = 1_u32;
    loop {
        let aside = with_suffix(path, &format!("{DAMAGED}{number}"));
        if !aside.exists() {
            return aside;
        }
        number += 1;
    }
}

/// Lists buckets, oldest first, and counts parts that were set aside earlier.
fn list(directory: &Path, mode: OpenMode, damaged: &mut u64) -> Result<Vec<(Timestamp, PathBuf)>, Error> {
    let posts = directory.join("posts");
    if mode == OpenMode::Write {
        fs::create_dir_all(&posts).map_err(disk::failed(&posts))?;
    }
    let mut out = Vec::new();
    for place in [directory, &posts] {
        for entry in fs::read_dir(place).map_err(disk::failed(place))? {
            let entry = entry.map_err(disk::failed(place))?;
            let file = entry.file_name();
            let name = file.to_string_lossy();
            if name.contains(DAMAGED) {
                *damaged += 1;
            } else if name.ends_with(DROPPED) {
                if mode == OpenMode::Write {
                    clear(&entry.path())?;
                }
            } else if place == posts {
                if let Some(start) = start(&name) {
                    out.push((start, entry.path()));
                } else {
                    tracing::warn!(path = %entry.path().display(), "this is no bucket, and is left alone");
                }
            }
        }
    }
    out.sort_unstable();
    Ok(out)
}

/// The name of a bucket's directory: its start, without colons, which some systems do not have in names.
fn name(start: Timestamp) -> String {
    start.to_string().replace(':', "")
}

/// Parses the start of a bucket from its name.
fn start(text: &str) -> Option<Timestamp> {
    let micros = text.strip_suffix("us").and_then(|micros| micros.parse().ok()).map(Timestamp::from_micros);
    let start = micros.or_else(|| {
        let (day, time) = text.split_once('T')?;
        let (hours, minutes, rest) = (time.get(..2)?, time.get(2..4)?, time.get(4..)?);
        format!("{day}T{hours}:{minutes}:{rest}").parse().ok()
    })?;
    (name(start) == text).then_some(start)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_buckets_can_be_read_by_people() {
        assert_eq!(name(Timestamp::from_seconds(1_451_606_400)), "2016-01-01T000000Z");
        assert_eq!(start("2016-01-01T000000Z"), Some(Timestamp::from_seconds(1_451_606_400)));
        for text in ["", "x", "2016-01-01", "2016-01-01T00:00:00Z", "2016-01-01T000000Z.damaged-1", "T1234é"] {
            assert_eq!(start(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn names_of_buckets_say_when_they_start(micros: i64) {
            let moment = Timestamp::from_micros(micros);
            prop_assert_eq!(start(&name(moment)), Some(moment));
        }
    }
}
