//! The fused driver: all stages and logical partitions in one process, edges in memory.
//!
//! Posts come in κ order. They are driven through the stages in batches, stage by stage; because every partition
//! merges its inputs by κ and timers fire by event time, neither the size of a batch nor the number of partitions
//! that share a thread can be observed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shoal_detect::{
    Analysed, Circle, CircleState, Cluster, ClusterIn, ClusterState, Config, Group, GroupIn, GroupState, Lanes, Match,
    MatchState, ObjectMerge, Outbox, Pair, PairState, Prepare, PrepareCounts, PrepareIn, PrepareState, Stage,
    TextObject, Tie, TieState, Trigger, partition_of,
};
use shoal_model::{Alert, Provenance, TextKey, Timestamp};

use crate::Error;
use crate::drive::partition::Partition;

/// All stages, fused.
#[derive(Debug)]
pub(crate) struct Fused {
    prepare: Vec<Partition<Prepare>>,
    matching: Vec<Partition<Match>>,
    cluster: Partition<Cluster>,
    pair: Vec<Partition<Pair>>,
    tie: Vec<Partition<Tie>>,
    circle: Vec<Partition<Circle>>,
    group: Partition<Group>,
    consumed: Consumed,
}

/// What came of driving some posts.
#[derive(Debug, Default)]
pub(crate) struct Driven {
    pub(crate) alerts: Vec<Alert>,
    pub(crate) duplicates: Vec<Analysed>,
    pub(crate) texts: Vec<TextObject>,
    pub(crate) merges: Vec<ObjectMerge>,
}

/// Records that each stage has consumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Consumed {
    /// Posts.
    pub prepare: u64,
    /// Texts, counted in every partition they go to.
    pub matching: u64,
    /// Links and posts of shared texts.
    pub cluster: u64,
    /// Traces.
    pub pair: u64,
    /// Co-actions, gathered by post and object.
    pub tie: u64,
    /// Meetings and totals.
    pub circle: u64,
    /// Candidates, ties, merges and totals.
    pub group: u64,
}

/// The state of all stages.
#[derive(Serialize)]
struct FusedStateRef<'a> {
    prepare: Vec<&'a PrepareState>,
    matching: Vec<&'a MatchState>,
    cluster: &'a ClusterState,
    pair: Vec<&'a PairState>,
    tie: Vec<&'a TieState>,
    circle: Vec<&'a CircleState>,
    group: &'a GroupState,
    consumed: Consumed,
}

/// The same, as read back.
#[derive(Deserialize)]
pub(crate) struct FusedState {
    prepare: Vec<PrepareState>,
    matching: Vec<MatchState>,
    cluster: ClusterState,
    pair: Vec<PairState>,
    tie: Vec<TieState>,
    circle: Vec<CircleState>,
    group: GroupState,
    consumed: Consumed,
}

impl Fused {
    /// Stages that have seen nothing.
    pub(crate) fn new(config: &Config, provenance: Provenance) -> Result<Self, Error> {
        config.validate()?;
        let parts = &config.partitions;
        let matching: Result<Vec<_>, shoal_detect::Error> =
            (0..parts.matching).map(|_| Ok(Partition::new(config, Match::new(config)?))).collect();
        Ok(Self {
            prepare: (0..parts.prepare).map(|number| Partition::new(config, Prepare::new(config, number))).collect(),
            matching: matching?,
            cluster: Partition::new(config, Cluster::new(config)),
            pair: (0..parts.pair).map(|_| Partition::new(config, Pair::new(config))).collect(),
            tie: (0..parts.tie).map(|_| Partition::new(config, Tie::new(config))).collect(),
            circle: (0..parts.circle).map(|number| Partition::new(config, Circle::new(config, number))).collect(),
            group: Partition::new(config, Group::new(config, provenance)),
            consumed: Consumed::default(),
        })
    }

    /// Drives posts through all stages, then time to `watermark`: every timer up to it fires. `posts` are in order,
    /// after all posts before; nothing below `watermark` may come later.
    pub(crate) fn drive(&mut self, posts: Vec<(Trigger, Analysed)>, watermark: Timestamp) -> Driven {
        let mut inputs: Vec<Vec<(Trigger, PrepareIn)>> = self.prepare.iter().map(|_| Vec::new()).collect();
        for (trigger, post) in posts {
            let home = partition_of(post.reference.account_key, inputs.len());
            inputs[home].push((trigger, PrepareIn::Post(Box::new(post))));
        }
        let counts = &mut self.consumed;
        let mut driven = Driven::default();
        for (partition, input) in self.prepare.iter_mut().zip(inputs) {
            partition.run([input], watermark, &mut counts.prepare);
            driven.duplicates.append(&mut partition.out.duplicates);
        }
        for (number, partition) in self.matching.iter_mut().enumerate() {
            let input = self.prepare.iter_mut().map(|from| from.out.matching.take(number));
            partition.run(input, watermark, &mut counts.matching);
        }
        let input: Vec<_> = self.matching.iter_mut().map(|from| from.out.cluster.take(0)).collect();
        let texts = published_texts(&input);
        self.cluster.run(input, watermark, &mut counts.cluster);
        let object_of = |(text, at)| Some(TextObject { text, object: self.cluster.stage.object_of(text)?, at });
        driven.texts = texts.into_iter().filter_map(object_of).collect();
        for (number, partition) in self.pair.iter_mut().enumerate() {
            let mut input = taken(&mut self.prepare, number, |out| &mut out.pair);
            input.push(self.cluster.out.pair.take(number));
            partition.run(input, watermark, &mut counts.pair);
        }
        for (number, partition) in self.tie.iter_mut().enumerate() {
            let mut input = taken(&mut self.pair, number, |out| &mut out.tie);
            input.push(self.cluster.out.tie.take(number));
            partition.run(input, watermark, &mut counts.tie);
        }
        for (number, partition) in self.circle.iter_mut().enumerate() {
            let mut input = taken(&mut self.prepare, number, |out| &mut out.circle);
            input.extend(taken(&mut self.pair, number, |out| &mut out.circle));
            partition.run(input, watermark, &mut counts.circle);
        }
        let mut input = taken(&mut self.prepare, 0, |out| &mut out.group);
        let merges = self.cluster.out.group.take(0);
        driven.merges = merges.iter().filter_map(|(trigger, record)| merge(trigger, record)).collect();
        input.push(merges);
        input.extend(taken(&mut self.tie, 0, |out| &mut out.group));
        input.extend(taken(&mut self.circle, 0, |out| &mut out.group));
        self.group.run(input, watermark, &mut counts.group);
        driven.alerts = std::mem::take(&mut self.group.out.alerts);
        driven
    }

    /// What prepare did with the posts, over all partitions.
    pub(crate) fn counts(&self) -> PrepareCounts {
        let mut sum = PrepareCounts::default();
        for counts in self.prepare.iter().filter_map(|partition| partition.stage.outcomes()) {
            sum.processed += counts.processed;
            sum.filtered += counts.filtered;
            sum.duplicate += counts.duplicate;
        }
        sum
    }

    /// Records consumed per stage.
    pub(crate) fn consumed(&self) -> Consumed {
        self.consumed
    }

    /// The state of all stages, for a snapshot between two calls of [`Fused::drive`].
    pub(crate) fn state(&self) -> impl Serialize + '_ {
        FusedStateRef {
            prepare: states(&self.prepare),
            matching: states(&self.matching),
            cluster: self.cluster.stage.state(),
            pair: states(&self.pair),
            tie: states(&self.tie),
            circle: states(&self.circle),
            group: self.group.stage.state(),
            consumed: self.consumed,
        }
    }

    /// Goes on from a state made under the same configuration.
    pub(crate) fn restore(&mut self, state: FusedState) {
        restore(&mut self.prepare, state.prepare);
        restore(&mut self.matching, state.matching);
        self.cluster.stage.restore(state.cluster);
        restore(&mut self.pair, state.pair);
        restore(&mut self.tie, state.tie);
        restore(&mut self.circle, state.circle);
        self.group.stage.restore(state.group);
        self.consumed = state.consumed;
    }
}

/// The texts that cluster is told of, each with the last time.
fn published_texts(input: &[Vec<(Trigger, ClusterIn)>]) -> BTreeMap<TextKey, Timestamp> {
    let texts = input.iter().flatten().flat_map(|(trigger, record)| {
        let texts = match record {
            ClusterIn::Post(post) => [Some(post.text), None],
            ClusterIn::Link(link) => [Some(link.older.key), Some(link.newer.key)],
            ClusterIn::Shared(text) => [Some(text.key), None],
        };
        texts.into_iter().flatten().map(|text| (text, trigger.at))
    });
    texts.collect()
}

fn merge(trigger: &Trigger, record: &GroupIn) -> Option<ObjectMerge> {
    let GroupIn::Merge(merge) = record else { return None };
    Some(ObjectMerge { old: merge.old, new: merge.new, at: trigger.at })
}

/// What every partition of a stage has sent to partition `number` of another.
fn taken<S, T>(
    from: &mut [Partition<S>],
    number: usize,
    lanes: impl Fn(&mut Outbox) -> &mut Lanes<T>,
) -> Vec<Vec<(Trigger, T)>> {
    from.iter_mut().map(|partition| lanes(&mut partition.out).take(number)).collect()
}

fn states<S: Stage>(partitions: &[Partition<S>]) -> Vec<&S::State> {
    partitions.iter().map(|partition| partition.stage.state()).collect()
}

fn restore<S: Stage>(partitions: &mut [Partition<S>], states: Vec<S::State>) {
    for (partition, state) in partitions.iter_mut().zip(states) {
        partition.stage.restore(state);
    }
}
