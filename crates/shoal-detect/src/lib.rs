//! From posts to alerts: deterministic state machines over plain data.
//!
//! | stage | keyed by | does |
//! |---|---|---|
//! | [`SourceOrder`] | source | order within lateness, jumps |
//! | [`Prepare`] | author | duplicates, activity; emits traces and texts |
//! | [`Match`] | min-hashes | texts that are the same, or nearly |
//! | [`Cluster`] | – | texts that are one object |
//! | [`Pair`] | object | meetings and co-actions |
//! | [`Tie`] | account pair | everything that two accounts share |
//! | [`Circle`] | account | the circle test |
//! | [`Group`] | – | significance, groups, alerts |
//!
//! Nothing here knows a clock, I/O, randomness or an unordered iteration: alerts are a function of the posts and
//! the configuration.

mod circle;
mod cluster;
mod config;
mod error;
mod group;
mod key;
mod matching;
mod order;
mod pair;
mod prepare;
mod record;
mod stage;
mod tie;

pub use circle::{Circle, CircleState, KAPPAS, VARIANTS};
pub use cluster::{Cluster, ClusterState};
pub(crate) use config::WEEK;
pub use config::{
    AllowConfig, Config, JudgeConfig, Limit, ListConfig, Method, Mute, OrderConfig, Partitions, Rule, TextConfig,
};
pub use error::Error;
pub use group::{Group, GroupState};
pub use key::{AccountPair, KeyPair, Keyer};
pub use matching::{Match, MatchState};
pub use order::{Sequenced, SourceOrder, Timed};
pub use pair::{Pair, PairState};
pub use prepare::{Analyst, Prepare, PrepareState};
pub use record::*;
pub use stage::{Lanes, Outbox, Stage, partition_of};
pub use tie::{Tie, TieState};
