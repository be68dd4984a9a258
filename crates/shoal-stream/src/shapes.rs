//! Shapes of what is saved and sent: none changes without its version. The golden files are in `shapes/`.

use std::path::Path;

use serde::de::DeserializeOwned;
use shoal_detect::{Circle, Cluster, Group, Match, Pair, Partitions, Prepare, Stage, Tie, Trigger};
use shoal_model::{Timestamp, interned};
use shoal_shapes::{Golden, Sample, Shape};
use shoal_sketch::Window;

use crate::checkpoint::{Manifest, RunMarks, STATE_VERSION};
use crate::cluster::progress_log::{IdleValue, OffsetValue, PartitionProgress, ProgressLog, ProgressValue};
use crate::fused::run::Snapshot;
use crate::order::intake::IdleDecision;
use crate::staged::frame::{FRAME_VERSION, FrameHead, Mark};
use crate::staged::process::partition_run::TaskMarks;
use crate::staged::task::ingest;
use crate::staged::task::stage::{PlacedPost, StageTaskState};
use crate::staged::topology::{PartitionId, StageName, Topology};

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/shapes"))
}

/// An empty window of near-duplicates: it accepts no damaged one.
fn window() -> Sample {
    let window = Window::new(shoal_sketch::Config::for_threshold(0, 0.7).unwrap()).unwrap();
    ("Window", postcard::to_allocvec(&window).unwrap().leak())
}

/// A shape within which shared values are numbered.
fn interned<T: DeserializeOwned>() -> Shape {
    interned::reading(|| Shape::binary::<T>(&[window()]))
}

fn saved<S: Stage>() -> Shape
where
    S::State: DeserializeOwned,
    S::In: DeserializeOwned,
{
    interned::<StageTaskState<S::State, S::In>>()
}

fn saved_of(stage: StageName) -> Shape {
    match stage {
        StageName::Ingest => interned::<ingest::IngestState>(),
        StageName::Prepare => saved::<Prepare>(),
        StageName::Match => saved::<Match>(),
        StageName::Cluster => saved::<Cluster>(),
        StageName::Pair => saved::<Pair>(),
        StageName::Tie => saved::<Tie>(),
        StageName::Circle => saved::<Circle>(),
        StageName::Group => saved::<Group>(),
    }
}

fn sent<S: Stage>() -> Shape
where
    S::In: DeserializeOwned,
{
    interned::<Vec<(Trigger, S::In)>>()
}

/// The records of frames to a stage; nobody sends frames to the first.
fn sent_to(stage: StageName) -> Option<Shape> {
    match stage {
        StageName::Ingest => None,
        StageName::Prepare => Some(interned::<Vec<PlacedPost>>()),
        StageName::Match => Some(sent::<Match>()),
        StageName::Cluster => Some(sent::<Cluster>()),
        StageName::Pair => Some(sent::<Pair>()),
        StageName::Tie => Some(sent::<Tie>()),
        StageName::Circle => Some(sent::<Circle>()),
        StageName::Group => Some(sent::<Group>()),
    }
}

#[test]
fn the_shape_of_a_state_changes_only_with_its_version() {
    let mut shapes = vec![
        ("manifest of a run in one process", Shape::json::<Manifest<RunMarks>>()),
        ("manifest of a partition of a stage", Shape::json::<Manifest<TaskMarks>>()),
        ("snapshot of a run in one process", interned::<Snapshot>()),
    ];
    shapes.extend(StageName::ALL.map(|stage| (stage.name(), saved_of(stage))));
    Golden {
        folder: folder(),
        name: "state",
        version: STATE_VERSION,
        remedy: "raise STATE_VERSION in shoal-stream/src/checkpoint/mod.rs and mark every field that was added with \
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
        progress_log.progress(
            PartitionId { stage: StageName::Pair, partition: 3 },
            &PartitionProgress { mark, newest: moment, idle: false },
        ),
        progress_log.idle("SOURCE", 7, IdleDecision { limit: moment, to: moment }),
        progress_log.begin("SOURCE", 7),
        progress_log.end("SOURCE", 7),
    ];
    let keys = keys.map(|record| record.unwrap().0).join(", ");
    let mut shapes = vec![
        ("topics", Shape::text(topics.leak())),
        ("head", Shape::binary::<(u8, FrameHead)>(&[])),
        ("keys of progress", Shape::text(format!("{}: {keys}", topology.progress_log_topic()).leak())),
        ("progress", Shape::json::<ProgressValue>()),
        ("idle", Shape::json::<IdleValue>()),
        ("begin and end", Shape::json::<OffsetValue>()),
    ];
    shapes.extend(StageName::ALL.into_iter().filter_map(|stage| Some((stage.name(), sent_to(stage)?))));
    Golden {
        folder: folder(),
        name: "frames",
        version: u32::from(FRAME_VERSION),
        remedy: "raise FRAME_VERSION in shoal-stream/src/staged/frame.rs: staged runs then begin a new epoch",
    }
    .check(&shapes);
}
