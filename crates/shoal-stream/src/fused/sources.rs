//! Opening the sources of a fused run where a checkpoint left them: plain files by seeking, everything else by reading
//! and discarding.

use std::collections::BTreeMap;
use std::time::Instant;

use shoal_detect::{Analysed, OrderConfig};
use shoal_formats::Position;

use crate::Error;
use crate::checkpoint::marks::SourceOrigin;
use crate::cluster::session::ClusterSession;
use crate::fused::source_partition::SourcePartition;
use crate::job::{Input, Job, Source};
use crate::order::intake::Intake;
use crate::read::feed::Feed;
use crate::read::file::FileReader;
use crate::read::topic::{TopicFeed, TopicStart, feeds};

/// The place at which a source begins.
pub(crate) struct SourceStart {
    pub(crate) position: Position,
    /// The offset after the last record of a topic that is not followed.
    pub(crate) end: Option<u64>,
    pub(crate) ended: bool,
    pub(crate) intake: Intake<Analysed>,
}

impl SourceStart {
    /// The start of a source of which nothing has been read.
    pub(crate) fn afresh(config: &OrderConfig, end: Option<u64>) -> Self {
        Self { position: Position::default(), end, ended: false, intake: Intake::new(config) }
    }
}

/// Opens all sources. `keeps_posts` says that an observer does.
pub(crate) fn open(
    job: &Job,
    session: Option<&ClusterSession>,
    begins: Vec<SourceStart>,
    keeps_posts: bool,
) -> Result<Vec<SourcePartition>, Error> {
    let mut topics = match session {
        Some(session) => topic_feeds(job, session, &begins, keeps_posts)?,
        None => BTreeMap::new(),
    };
    let open = |(number, begin): (usize, SourceStart)| {
        let source = &job.sources[number];
        let (feed, origin) = match &source.input {
            Input::Topic { topic, partition } => {
                let feed = topics.remove(&number).map_or(Feed::Ended, Feed::Topic);
                (feed, SourceOrigin::Topic { topic: topic.clone(), partition: *partition })
            }
            Input::File(path) => {
                let reader = FileReader::open(source, path, job, begin.position, keeps_posts)?;
                let origin = SourceOrigin::File(reader.identity()?);
                (Feed::of_file(reader, job.threads, job.follow.as_ref()), origin)
            }
        };
        Ok(opened(source, begin, feed, origin))
    };
    begins.into_iter().enumerate().map(open).collect()
}

fn opened(source: &Source, begin: SourceStart, feed: Feed, origin: SourceOrigin) -> SourcePartition {
    let SourceStart { position, end, ended, intake } = begin;
    let name = source.name.clone();
    SourcePartition {
        name,
        feed,
        origin,
        position,
        end,
        ended,
        heard: Instant::now(),
        idle: false,
        limit: None,
        intake,
    }
}

/// The feeds of all sources that are topics and not at their end, by source.
fn topic_feeds(
    job: &Job,
    session: &ClusterSession,
    begins: &[SourceStart],
    keeps_posts: bool,
) -> Result<BTreeMap<usize, TopicFeed>, Error> {
    let mut starts = Vec::new();
    for (number, (source, begin)) in job.sources.iter().zip(begins).enumerate() {
        let Input::Topic { topic, partition } = &source.input else { continue };
        if begin.ended {
            continue;
        }
        let offset = session.begin(number, begin.position.offset, topic, *partition)?;
        let end = begin.end;
        let decided = session.progress_log.idle_offsets(&source.name);
        starts.push(TopicStart { source: number, topic: topic.clone(), partition: *partition, offset, end, decided });
    }
    if starts.is_empty() {
        return Ok(BTreeMap::new());
    }
    let numbers: Vec<usize> = starts.iter().map(|start| start.source).collect();
    Ok(numbers.into_iter().zip(feeds(job, &session.kafka, starts, keeps_posts)?).collect())
}
