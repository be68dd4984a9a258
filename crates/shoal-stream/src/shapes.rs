//! Shapes of what is saved and sent: none changes without its version. The golden files are in `shapes/`.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use shoal_detect::{
    Analysed, Analyst, CircleState, ClusterState, Config, GroupState, MatchState, PairState, Partitions, PrepareState,
    Stage, StageName, StageVisitor, TieState, Trigger,
};
use shoal_model::{Provenance, Timestamp, interned};
use shoal_shapes::{Golden, Sample, Shape};
use shoal_sketch::Window;

use crate::checkpoint::manifest::Manifest;
use crate::checkpoint::marks::{RunMarks, TaskMarks};
use crate::checkpoint::version::STATE_VERSION;
use crate::cluster::progress_log::{IdleValue, OffsetValue, PartitionProgress, ProgressLog, ProgressValue};
use crate::fused::driver::{self, Fused};
use crate::fused::run::SnapshotTail;
use crate::order::idle::IdleDecision;
use crate::order::intake::Intake;
use crate::staged::frame::{FRAME_VERSION, FrameHead, Mark};
use crate::staged::task::ingest;
use crate::staged::task::stage::{PlacedPost, StageTaskState};
use crate::staged::topology::{PartitionId, Topology};
use crate::summary::AlertCounts;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/shapes"))
}

/// An empty window of near-duplicates: it accepts no damaged one.
fn window() -> Sample {
    let window = Window::new(shoal_sketch::Config::for_threshold(0, 0.7).unwrap()).unwrap();
    ("Window", postcard::to_allocvec(&window).unwrap().leak())
}

/// No dead letters: what is made up is no name of a reason.
fn reason_counts() -> Sample {
    ("ReasonCounts", &[0])
}

/// A shape within which shared values are numbered.
fn interned<T: DeserializeOwned>() -> Shape {
    interned::reading(|| Shape::binary::<T>(&[window(), reason_counts()]))
}

/// The shape of what a stage saves in a staged run.
struct Saved;

impl StageVisitor for Saved {
    type Output = Shape;

    fn ingest(self) -> Shape {
        interned::<ingest::IngestState>()
    }

    fn stage<S: Stage>(self) -> Shape {
        interned::<StageTaskState<S::State, S::In>>()
    }
}

/// The shape of the records of frames to a stage; nobody sends frames to ingest.
struct SentTo;

impl StageVisitor for SentTo {
    type Output = Option<Shape>;

    fn ingest(self) -> Option<Shape> {
        None
    }

    fn stage<S: Stage>(self) -> Option<Shape> {
        if S::NAME == StageName::Prepare {
            return Some(interned::<Vec<PlacedPost>>());
        }
        Some(interned::<Vec<(Trigger, S::In)>>())
    }
}

/// The snapshot of a run in one process. It is written and read stage by stage; as one type it is only here.
#[derive(Deserialize)]
struct Snapshot {
    fused: FusedState,
    sources: Vec<Intake<Analysed>>,
    alerts: AlertCounts,
    highest: Option<Timestamp>,
}

#[derive(Deserialize)]
struct FusedState {
    prepare: Vec<PrepareState>,
    matching: Vec<MatchState>,
    cluster: ClusterState,
    pair: Vec<PairState>,
    tie: Vec<TieState>,
    circle: Vec<CircleState>,
    group: GroupState,
    consumed: ConsumedState,
}

#[derive(Deserialize)]
struct ConsumedState {
    prepare: u64,
    matching: u64,
    cluster: u64,
    pair: u64,
    tie: u64,
    circle: u64,
    group: u64,
}

#[test]
fn the_snapshot_of_a_run_in_one_process_is_what_is_written_stage_by_stage() {
    let partitions = Partitions { prepare: 2, matching: 1, pair: 3, tie: 2, circle: 2 };
    let config = Config { partitions, ..Config::default() };
    let provenance = Provenance { configuration: String::new(), version: String::new(), inputs: Vec::new() };
    let mut fused = Fused::new(&config, &provenance, false).unwrap();
    let mut analyst = Analyst::new(&config);
    let posts = driver::tests::posts().into_iter().map(|post| {
        let post = analyst.analyse(post);
        (Trigger { at: post.reference.at, post: Some(post.reference.clone()) }, post)
    });
    fused.drive(posts.collect(), Timestamp::MAX);
    let mut written = Vec::new();
    let tail: SnapshotTail = (vec![Intake::new(&config.order)], AlertCounts::default(), Some(Timestamp::MIN));
    interned::writing(|| {
        fused.write(&mut written).unwrap();
        postcard::to_io(&tail, &mut written).unwrap();
    });
    let (snapshot, rest) = interned::reading(|| postcard::take_from_bytes::<Snapshot>(&written)).unwrap();
    assert!(rest.is_empty());
    let Snapshot { fused: read, sources, alerts, highest } = snapshot;
    assert_eq!((sources.len(), alerts, highest), (1, tail.1, tail.2));
    let FusedState { prepare, matching, cluster, pair, tie, circle, group, consumed } = read;
    drop((cluster, group));
    assert_eq!([prepare.len(), matching.len(), pair.len(), tie.len(), circle.len()], [2, 1, 3, 2, 2]);
    let ConsumedState { prepare, matching, cluster, pair, tie, circle, group } = consumed;
    let counts = [prepare, matching, cluster, pair, tie, circle, group];
    assert!(fused.totals().map(|(_, totals)| totals.processed).eq(counts));
    assert!(prepare > 0 && group > 0);
}

#[test]
fn the_shape_of_a_state_changes_only_with_its_version() {
    let mut shapes = vec![
        ("manifest of a run in one process", Shape::json::<Manifest<RunMarks>>()),
        ("manifest of a partition of a stage", Shape::json::<Manifest<TaskMarks>>()),
        ("snapshot of a run in one process", interned::<Snapshot>()),
    ];
    shapes.extend(StageName::ALL.map(|stage| (stage.name(), stage.visit(Saved))));
    Golden {
        folder: folder(),
        name: "state",
        version: STATE_VERSION,
        remedy: "raise STATE_VERSION in shoal-stream/src/checkpoint/version.rs and mark every field that was added with \
                 `#[serde(default, deserialize_with = \"since::<VERSION, _, _>\")]`, see shoal-model/src/saved.rs",
    }
    .check(&shapes);
}

#[test]
fn the_shape_of_frames_and_of_progress_changes_only_with_its_version() {
    let topology = Topology::new("PREFIX", 1, &Partitions::default());
    let topics = StageName::ALL.map(|stage| topology.topic(stage)).join(", ");
    let (progress_log, moment) = (ProgressLog::new("EPOCH"), Timestamp::MIN);
    let mark = Mark { watermark: moment, highest: moment };
    let keys = [
        progress_log.progress_record(
            PartitionId { stage: StageName::Pair, partition: 3 },
            &PartitionProgress { mark, newest: moment, idle: false },
        ),
        progress_log.idle_record("SOURCE", 7, IdleDecision { limit: moment, to: moment }),
        progress_log.begin_record("SOURCE", 7),
        progress_log.end_record("SOURCE", 7),
    ];
    let keys = keys.map(|record| record.unwrap().key).join(", ");
    let mut shapes = vec![
        ("topics", Shape::text(topics.leak())),
        ("head", Shape::binary::<(u8, FrameHead)>(&[])),
        ("keys of progress", Shape::text(format!("{}: {keys}", topology.progress_log_topic()).leak())),
        ("progress", Shape::json::<ProgressValue>()),
        ("idle", Shape::json::<IdleValue>()),
        ("begin and end", Shape::json::<OffsetValue>()),
    ];
    shapes.extend(StageName::ALL.into_iter().filter_map(|stage| Some((stage.name(), stage.visit(SentTo)?))));
    Golden {
        folder: folder(),
        name: "frames",
        version: u32::from(FRAME_VERSION),
        remedy: "raise FRAME_VERSION in shoal-stream/src/staged/frame.rs: staged runs then begin a new epoch",
    }
    .check(&shapes);
}
