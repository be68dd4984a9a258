//! Failures that stop a run.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::checkpoint::version::{OLDEST_STATE_VERSION, STATE_VERSION};
use crate::staged::frame::FRAME_VERSION;

/// The reason why an observer cannot go on. It ends the run.
pub type ObserverError = Box<dyn std::error::Error + Send + Sync>;

/// A failure that stops a run, with what to do next. What was written before stays consistent: a run with state
/// goes on from its last checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting that cannot work.
    #[error("{key}: {problem}; {remedy}")]
    Setting {
        /// The key as a pipeline has it, such as `checkpoint.every`.
        key: String,
        /// The problem.
        problem: String,
        /// The remedy.
        remedy: String,
    },
    /// An input or the dead letters.
    #[error(transparent)]
    Input(#[from] shoal_formats::Error),
    /// The configuration of detection.
    #[error(transparent)]
    Detect(#[from] shoal_detect::Error),
    /// An observer of the run that cannot go on.
    #[error(transparent)]
    Observer(ObserverError),
    /// An output that cannot be written.
    #[error("cannot write `{path}`: {source}; free space or choose another place, then run again")]
    Output {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// An output that is shorter than the state says.
    #[error(
        "`{path}` has {length} bytes, the state in `{state}` has seen {expected}: it was cut or replaced; put it back, \
         or remove the state to start afresh"
    )]
    OutputLost {
        /// The file.
        path: PathBuf,
        /// The state directory.
        state: PathBuf,
        /// The length of the file.
        length: u64,
        /// The length that the state knows.
        expected: u64,
    },
    /// The state directory cannot be read or written.
    #[error("cannot use the state directory `{path}`: {source}; check its permissions and the free space")]
    State {
        /// The file or directory.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// Two processes share a state directory.
    #[error("the state directory `{0}` is in use by another process; stop that one or choose another directory")]
    StateInUse(PathBuf),
    /// A state of another configuration.
    #[error(
        "the state in `{state}` was made with another configuration ({found}, now {expected}); run with the old \
         configuration, or choose another --state directory"
    )]
    OtherConfiguration {
        /// The state directory.
        state: PathBuf,
        /// The fingerprint in the state.
        found: String,
        /// The fingerprint of this run.
        expected: String,
    },
    /// A state of another version.
    #[error(
        "the state in `{state}` was made by version {found} of the state format, this program reads versions \
         {OLDEST_STATE_VERSION} to {STATE_VERSION}; finish with the program that made it or a release in between, or \
         choose another --state directory to start from the first record"
    )]
    OtherVersion {
        /// The state directory.
        state: PathBuf,
        /// The version in the state.
        found: u32,
    },
    /// A state of other inputs or outputs.
    #[error(
        "the state in `{state}` belongs to another run: {why}; give it the same {what}, or choose another --state directory"
    )]
    OtherRun {
        /// The state directory.
        state: PathBuf,
        /// The part that differs.
        what: &'static str,
        /// The difference.
        why: String,
    },
    /// A snapshot that cannot be written or read.
    #[error("snapshot: {0}")]
    Snapshot(#[from] postcard::Error),
    /// State for an input that cannot be read again.
    #[error(
        "`{0}` is no file: what has come out of a pipe cannot be read again, so its run cannot be resumed; run without \
         --state, or write the posts to a file and --follow it"
    )]
    PipeWithState(PathBuf),
    /// No inputs were given.
    #[error("there is nothing to read: name a source in the pipeline, or give --input FILE")]
    NoSources,
    /// The run was asked to stop.
    #[error("stopped before the end of the input")]
    Stopped,
    /// Kafka: settings, or a cluster that does not do what it is asked.
    #[error(transparent)]
    Kafka(#[from] shoal_kafka::Error),
    /// A topic as input or output without a cluster.
    #[error("a source or output is a topic, and no cluster is named: add [kafka] with bootstrap to the pipeline")]
    NoKafka,
    /// A topic that is not there.
    #[error("there is no topic `{topic}`: create it with `shoal topics create`")]
    NoTopic {
        /// The name of the topic.
        topic: String,
    },
    /// A topic of another shape.
    #[error(
        "topic `{topic}` has {found} partitions, the pipeline says {expected}: correct the pipeline, or create the topic anew with `shoal topics create`"
    )]
    OtherPartitions {
        /// The name of the topic.
        topic: String,
        /// The number of its partitions.
        found: i32,
        /// The number that it should have.
        expected: i32,
    },
    /// A topic that cannot be read.
    #[error("cannot read topic `{topic}`: {what}; {remedy}")]
    NotRead {
        /// The name of the topic.
        topic: String,
        /// The fault.
        what: String,
        /// The remedy.
        remedy: String,
    },
    /// A record that was refused for good.
    #[error("cannot write to {topic}: {what}; {remedy}; nothing after it was written, run again to go on")]
    NotWritten {
        /// The destination.
        topic: String,
        /// The fault.
        what: String,
        /// The remedy.
        remedy: String,
    },
    /// Brokers that are gone when a run is to stop.
    #[error("stopped while the brokers were away: not everything was written in {} s; run again to go on", .waited.as_secs())]
    Unwritten {
        /// The time that it waited.
        waited: Duration,
    },
    /// A topic from which nothing comes although there is something.
    #[error("topic `{topic}` has records, and none has come for {} s: {why}", .waited.as_secs())]
    Silent {
        /// The name of the topic.
        topic: String,
        /// The time that it waited.
        waited: Duration,
        /// The worst trouble that is known.
        why: String,
    },
    /// A position that the topic does not have.
    #[error(
        "topic `{topic}` partition {partition} begins at {first} and ends at {end}, and this run is at {wanted}: records were deleted, or the topic was made anew; raise kafka.epoch to start again from what is there"
    )]
    OutOfRange {
        /// The name of the topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The first offset that is left.
        first: u64,
        /// The offset after its last record.
        end: u64,
        /// The offset at which the run would go on.
        wanted: u64,
    },
    /// A run that began, lost its state, and whose first records are gone.
    #[error(
        "the first records of `{input}` are gone, and so is the state of the run that read them: what it wrote cannot \
         be made again; raise kafka.epoch to start from the first record that is left"
    )]
    FirstRecordsGone {
        /// The input.
        input: String,
    },
    /// An output topic that was given another number of partitions.
    #[error(
        "topic `{topic}` has other partitions than when this run began: what was written cannot be told from what was \
         not; raise kafka.epoch, or write to another topic"
    )]
    Repartitioned {
        /// The name of the topic.
        topic: String,
    },
    /// Records that are needed again and are gone.
    #[error(
        "topic `{topic}` partition {partition} begins at {first}, and its reader would have to go on at {wanted}: the \
         records between were deleted; keep them longer, and raise kafka.epoch to start again from the posts"
    )]
    Deleted {
        /// The name of the topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The first offset that is left.
        first: u64,
        /// The offset that is needed.
        wanted: u64,
    },
    /// An epoch that was read to its end is to be followed.
    #[error(
        "this pipeline was run to the end of topic `{topic}` before, without --follow: what is there was released as if nothing came after it; raise kafka.epoch to start again"
    )]
    EndedBefore {
        /// The topic.
        topic: String,
    },
    /// A channel between stages that cannot be right.
    #[error(
        "topic `{topic}` partition {partition} at offset {offset}: {why}; records were deleted too early or somebody else writes there: raise kafka.epoch to start again from the posts"
    )]
    Broken {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u16,
        /// The offset of the record.
        offset: u64,
        /// The fault.
        why: String,
    },
    /// Frames of another version of the program.
    #[error(
        "topic `{topic}` holds frames of version {found}, this program reads version {FRAME_VERSION}: let all processes run the same version, and raise kafka.epoch if frames of the old one are left"
    )]
    FrameVersion {
        /// The topic.
        topic: String,
        /// The version of the frames.
        found: u8,
    },
    /// A record that no topic can hold.
    #[error(
        "a record from {from} to {to} has {bytes} bytes, more than any topic of Shoal's takes: lower detect.live_traces or input.record_bytes"
    )]
    RecordTooLarge {
        /// The partition that sends it.
        from: String,
        /// The partition that it is sent to.
        to: String,
        /// The length of the record.
        bytes: usize,
    },
    /// A value that cannot be written as JSON.
    #[error("cannot write JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A thread that cannot be started.
    #[error("cannot start a thread: {0}; allow more threads")]
    Thread(#[source] io::Error),
    /// Metrics that cannot be registered.
    #[error("metrics: {0}")]
    Metrics(#[source] prometheus::Error),
    /// A thread that died.
    #[error("the {what} stopped unexpectedly; see the log, and run again to go on")]
    Died {
        /// The task of the thread.
        what: String,
    },
}
