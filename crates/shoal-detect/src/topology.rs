//! The table of stages: the names, what each is keyed by, who sends to whom, who raises alerts.
//!
//! Both drivers, the topics and groups of a staged run, metrics, summaries and the picture in `ARCHITECTURE.md` follow
//! it or are tested against it. A stage sends through an [`Emitter`](crate::Emitter), which takes only what the table
//! declares: an undeclared edge and an alert of a stage that raises none do not compile.
//!
//! A new stage touches four source files:
//! 1. its own: the state machine, with `impl Stage`;
//! 2. `record/mod.rs`: its input records with their order, and new kinds of records in the input of those it sends to;
//! 3. `topology.rs`, here: a variant, a row, a lane of [`Outbox`], and a field of [`Partitions`] if it is sharded;
//! 4. `lib.rs`: the module, and an arm of [`StageName::visit`].
//!
//! The stages before and after it change where they send to it or consume what it sends, and nowhere else.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use shoal_model::Alert;

use crate::lanes::Lanes;
use crate::record::{CircleIn, ClusterIn, GroupIn, MatchIn, Observed, Order, PairIn, PrepareIn, TieIn, Trigger};

/// A stage: a consumer group of its own in a staged run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StageName {
    /// Decoding and order, one partition for each source. Not a state machine of this crate: a driver reads the
    /// sources and sends the posts to prepare.
    Ingest,
    /// Duplicates and activity; traces and texts.
    Prepare,
    /// Near-duplicates.
    Match,
    /// The identity of texts.
    Cluster,
    /// Meetings and co-actions.
    Pair,
    /// The ties of two accounts.
    Tie,
    /// The circle test.
    Circle,
    /// Groups and alerts.
    Group,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// The name in topics, groups, metrics and pages.
    name: &'static str,
    /// The key that its records are distributed by; "–" for a stage with one partition.
    key: &'static str,
    partitions: Sharding,
    /// The stages that send to it, in the order of its channels in a snapshot.
    upstream: &'static [StageName],
    /// Set if it raises alerts.
    alerts: bool,
}

/// The number of partitions of a stage.
#[derive(Debug, Clone, Copy)]
enum Sharding {
    /// A partition for each source.
    Sources,
    /// As configured.
    Configured(fn(&Partitions) -> u16),
    /// One.
    Single,
}

impl StageName {
    /// All stages, in the order posts go through them: each comes after those that send to it.
    pub const ALL: [Self; 8] =
        [Self::Ingest, Self::Prepare, Self::Match, Self::Cluster, Self::Pair, Self::Tie, Self::Circle, Self::Group];

    const fn row(self) -> Row {
        use Sharding::{Configured, Single, Sources};
        use StageName::{Circle, Cluster, Group, Ingest, Match, Pair, Prepare, Tie};
        #[rustfmt::skip]
        let (name, key, partitions, upstream, alerts): (_, _, _, &'static [Self], _) = match self {
            Ingest  => ("ingest",  "source",        Sources,                      &[],                              false),
            Prepare => ("prepare", "author",        Configured(|of| of.prepare),  &[Ingest],                        false),
            Match   => ("match",   "min-hashes",    Configured(|of| of.matching), &[Prepare],                       false),
            Cluster => ("cluster", "–",             Single,                       &[Match],                         false),
            Pair    => ("pair",    "object",        Configured(|of| of.pair),     &[Prepare, Cluster],              false),
            Tie     => ("tie",     "account pair",  Configured(|of| of.tie),      &[Pair, Cluster],                 false),
            Circle  => ("circle",  "account",       Configured(|of| of.circle),   &[Prepare, Pair],                 false),
            Group   => ("group",   "–",             Single,                       &[Prepare, Cluster, Tie, Circle], true),
        };
        Row { name, key, partitions, upstream, alerts }
    }

    /// The name, as it is written in topics, groups and metrics.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The key that its records are distributed by; "–" for a stage with one partition.
    pub const fn key(self) -> &'static str {
        self.row().key
    }

    /// The stages that send to it, in the order of its channels in a snapshot.
    pub const fn upstream(self) -> &'static [Self] {
        self.row().upstream
    }

    /// The stages that it sends to.
    pub fn downstream(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |other| self.sends_to(*other))
    }

    /// Returns whether the table declares this edge.
    pub const fn sends_to(self, other: Self) -> bool {
        let mut upstream = other.upstream();
        while let [first, rest @ ..] = upstream {
            if *first as u8 == self as u8 {
                return true;
            }
            upstream = rest;
        }
        false
    }

    /// Returns whether it raises alerts.
    pub const fn raises_alerts(self) -> bool {
        self.row().alerts
    }

    /// The number of partitions, of a pipeline with `sources` source partitions.
    pub fn partitions(self, configured: &Partitions, sources: u16) -> u16 {
        match self.row().partitions {
            Sharding::Sources => sources,
            Sharding::Configured(count) => count(configured),
            Sharding::Single => 1,
        }
    }

    /// Returns whether its number of partitions is configured; all other stages of detection have one.
    pub const fn is_sharded(self) -> bool {
        matches!(self.row().partitions, Sharding::Configured(_))
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for StageName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        let known = Self::ALL.into_iter().find(|stage| stage.name() == name);
        known.ok_or_else(|| format!("there is no stage `{name}`: write {}", names()))
    }
}

/// Logical partitions of each stage; `cluster` and `group` have one. One machine needs no more than 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Partitions {
    /// By author.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 256)))]
    pub prepare: u16,
    /// By the sketches of texts.
    #[serde(rename = "match")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 256)))]
    pub matching: u16,
    /// By object.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 256)))]
    pub pair: u16,
    /// By pair of accounts.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 256)))]
    pub tie: u16,
    /// By account.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 256)))]
    pub circle: u16,
}

impl Default for Partitions {
    fn default() -> Self {
        Self { prepare: 1, matching: 1, pair: 1, tie: 1, circle: 1 }
    }
}

/// An alert with its place in the order of all alerts.
#[derive(Debug, Clone, PartialEq)]
pub struct RaisedAlert {
    /// The cause.
    pub trigger: Trigger,
    /// The stage that raised it.
    pub stage: StageName,
    /// The place among the alerts of the same trigger and stage.
    pub order: Order,
    /// The alert.
    pub alert: Alert,
}

impl RaisedAlert {
    /// Puts alerts of any stages and partitions in κ order.
    pub fn sort(alerts: &mut [Self]) {
        alerts.sort_by(|a, b| a.trigger.cmp(&b.trigger).then_with(|| (a.stage, a.order).cmp(&(b.stage, b.order))));
    }
}

/// The output of one partition: records by stage and partition, alerts, and what an observer is told.
#[derive(Debug)]
pub struct Outbox {
    pub(crate) prepare: Lanes<PrepareIn>,
    pub(crate) matching: Lanes<MatchIn>,
    pub(crate) cluster: Lanes<ClusterIn>,
    pub(crate) pair: Lanes<PairIn>,
    pub(crate) tie: Lanes<TieIn>,
    pub(crate) circle: Lanes<CircleIn>,
    pub(crate) group: Lanes<GroupIn>,
    alerts: Vec<RaisedAlert>,
    observed: Option<Observed>,
}

impl Outbox {
    /// Room for the configured partitions. Nothing is kept for an observer.
    pub fn new(partitions: &Partitions) -> Self {
        fn lanes<T>(partitions: &Partitions, stage: StageName) -> Lanes<T> {
            Lanes::new(stage.partitions(partitions, 0))
        }
        Self {
            prepare: lanes(partitions, StageName::Prepare),
            matching: lanes(partitions, StageName::Match),
            cluster: lanes(partitions, StageName::Cluster),
            pair: lanes(partitions, StageName::Pair),
            tie: lanes(partitions, StageName::Tie),
            circle: lanes(partitions, StageName::Circle),
            group: lanes(partitions, StageName::Group),
            alerts: Vec::new(),
            observed: None,
        }
    }

    /// Keeps what an observer is told from now on; [`Outbox::take_observed`] must be called.
    pub fn observe(&mut self) {
        self.observed.get_or_insert_default();
    }

    /// Takes the alerts, in the order they were raised.
    pub fn take_alerts(&mut self) -> Vec<RaisedAlert> {
        std::mem::take(&mut self.alerts)
    }

    /// Takes what an observer is told.
    pub fn take_observed(&mut self) -> Observed {
        self.observed.as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(crate) fn raise(&mut self, alert: RaisedAlert) {
        self.alerts.push(alert);
    }

    pub(crate) fn observed(&mut self) -> Option<&mut Observed> {
        self.observed.as_mut()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{Stage, StageVisitor};

    #[test]
    fn every_stage_is_in_the_list_once_and_after_those_that_send_to_it() {
        for (place, stage) in StageName::ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, place);
            assert!(stage.upstream().iter().all(|from| *from < stage), "{stage}");
            let connected = !stage.upstream().is_empty() || stage.downstream().next().is_some();
            assert!(connected, "{stage} neither sends nor receives");
        }
    }

    #[test]
    fn a_stage_is_visited_by_its_own_type() {
        struct Name;
        impl StageVisitor for Name {
            type Output = StageName;
            fn ingest(self) -> StageName {
                StageName::Ingest
            }
            fn stage<S: Stage>(self) -> StageName {
                S::NAME
            }
        }
        for stage in StageName::ALL {
            assert_eq!(stage.visit(Name), stage);
        }
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for stage in StageName::ALL {
            assert_eq!(stage.name().parse(), Ok(stage));
        }
        let error = "grouping".parse::<StageName>().unwrap_err();
        assert!(error.contains("`grouping`") && error.contains("circle, group"), "{error}");
    }

    #[test]
    fn every_lane_has_the_partitions_of_its_stage() {
        struct Count<'a>(&'a mut Outbox);
        impl StageVisitor for Count<'_> {
            type Output = Option<u16>;
            fn ingest(self) -> Option<u16> {
                None
            }
            fn stage<S: Stage>(self) -> Option<u16> {
                Some(S::lane(self.0).partitions())
            }
        }
        let partitions = Partitions { prepare: 2, matching: 3, pair: 4, tie: 5, circle: 6 };
        let mut outbox = Outbox::new(&partitions);
        let mut found = BTreeMap::new();
        for stage in StageName::ALL {
            if let Some(count) = stage.visit(Count(&mut outbox)) {
                assert_eq!(count, stage.partitions(&partitions, 0), "{stage}");
                found.insert(stage, count);
            }
        }
        assert_eq!(found.into_values().collect::<Vec<_>>(), [2, 3, 1, 4, 5, 6, 1]);
    }

    /// The picture of `ARCHITECTURE.md`, in Mermaid.
    fn picture() -> String {
        let mut lines = vec!["```mermaid".to_owned(), "flowchart LR".to_owned()];
        for stage in StageName::ALL {
            let mut to: Vec<&str> = stage.downstream().map(StageName::name).collect();
            to.extend(stage.raises_alerts().then_some("alerts"));
            lines.push(format!("    {stage} --> {}", to.join(" & ")));
        }
        lines.push("```".to_owned());
        lines.join("\n")
    }

    #[test]
    fn the_picture_of_the_architecture_is_the_table() {
        let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../ARCHITECTURE.md"));
        assert!(page.contains(&picture()), "write in ARCHITECTURE.md, under the bird's-eye view:\n{}", picture());
    }

    #[test]
    fn the_table_of_the_crate_says_what_stages_are_keyed_by() {
        let page = include_str!("lib.rs");
        for stage in StageName::ALL {
            let row = page.lines().filter(|line| line.starts_with("//! |")).find(|line| {
                let cell = line.split('|').nth(1).unwrap_or_default();
                cell.contains(&format!("`{stage}`"))
            });
            let key = row.and_then(|row| row.split('|').nth(2)).map(str::trim);
            assert_eq!(key, Some(stage.key()), "{stage}");
        }
    }
}
