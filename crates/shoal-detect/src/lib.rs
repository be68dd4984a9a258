//! From posts to alerts: deterministic state machines over plain data.
//!
//! | stage | keyed by | does |
//! |---|---|---|
//! | `ingest`: a driver, with [`SourceOrder`] | source | order within lateness, jumps |
//! | `prepare`: [`Prepare`] | author | duplicates, activity; emits traces and texts |
//! | `match`: [`Match`] | min-hashes | texts that are the same, or nearly |
//! | `cluster`: [`Cluster`] | – | texts that are one object |
//! | `pair`: [`Pair`] | object | meetings and co-actions |
//! | `tie`: [`Tie`] | account pair | everything that two accounts share |
//! | `circle`: [`Circle`] | account | the circle test |
//! | `group`: [`Group`] | – | significance, groups, alerts |
//!
//! [`StageName`] is the table of stages: who sends to whom, and who raises alerts.
//!
//! Nothing here knows a clock, I/O, randomness or an unordered iteration: alerts are a function of the posts and
//! the configuration.

mod circle;
mod cluster;
mod config;
mod error;
mod group;
mod key;
mod lanes;
mod matching;
mod order;
mod pair;
mod prepare;
mod record;
#[cfg(feature = "schema")]
mod schema;
mod stage;
mod tie;
mod topology;

pub use circle::{Circle, CircleState, KAPPAS, VARIANTS};
pub use cluster::{Cluster, ClusterState};
pub(crate) use config::WEEK;
pub use config::{AllowConfig, Config, JudgeConfig, Limit, ListConfig, Method, Mute, OrderConfig, Rule, TextConfig};
pub use error::Error;
pub use group::{Group, GroupState};
pub use key::{AccountPair, KeyPair, Keyer};
pub use lanes::{Lanes, partition_of};
pub use matching::{Match, MatchState};
pub use order::{Sequenced, SourceOrder, TimeDoubt, Timed};
pub use pair::{Pair, PairState};
pub use prepare::{Analyst, Prepare, PrepareState};
pub use record::*;
pub use stage::{Emitter, Setup, Stage, StageVisitor};
pub use tie::{Tie, TieState};
pub use topology::{Outbox, Partitions, RaisedAlert, StageName};

impl StageName {
    /// Does something with the stage of this name, by its type.
    pub fn visit<V: StageVisitor>(self, visitor: V) -> V::Output {
        match self {
            Self::Ingest => visitor.ingest(),
            Self::Prepare => visitor.stage::<Prepare>(),
            Self::Match => visitor.stage::<Match>(),
            Self::Cluster => visitor.stage::<Cluster>(),
            Self::Pair => visitor.stage::<Pair>(),
            Self::Tie => visitor.stage::<Tie>(),
            Self::Circle => visitor.stage::<Circle>(),
            Self::Group => visitor.stage::<Group>(),
        }
    }
}
