//! The fused driver: all stages and logical partitions in one process, edges in memory.
//!
//! Posts come in κ order. They are driven through the stages in batches, stage by stage in the order of the table of
//! stages; because every partition merges its inputs by κ and timers fire by event time, neither the size of a batch
//! nor the number of partitions that share a thread can be observed.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;
use shoal_detect::{
    Analysed, Config, Observed, Outbox, Prepare, PrepareCounts, PrepareIn, RaisedAlert, Setup, Stage, StageName,
    Trigger,
};
use shoal_model::{Alert, Provenance, Timestamp};

use crate::Error;
use crate::drive::level::{self, StageLevel};
use crate::metrics::stage::StageTotals;

/// The stages of a fused run.
pub(crate) struct Fused {
    /// The posts on their way to the first stage.
    ingest: Outbox,
    /// The stages, each after those that send to it.
    levels: Vec<Box<dyn StageLevel>>,
}

/// The result of driving some posts.
#[derive(Debug, Default)]
pub(crate) struct Driven {
    pub(crate) alerts: Vec<Alert>,
    /// Posts by their place among those that were driven.
    pub(crate) observed: Observed,
}

/// Records that each stage of detection has consumed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Consumed(BTreeMap<StageName, u64>);

impl Consumed {
    /// The records that one stage has consumed.
    pub fn by(&self, stage: StageName) -> u64 {
        self.0.get(&stage).copied().unwrap_or(0)
    }
}

impl Fused {
    /// Stages that have seen nothing. What an observer of posts is told is gathered if there is one.
    pub(crate) fn new(config: &Config, provenance: &Provenance, observed: bool) -> Result<Self, Error> {
        config.validate()?;
        let setup = Setup { config, provenance };
        let mut levels = Vec::new();
        for stage in StageName::ALL {
            levels.extend(level::open(stage, &setup, observed)?);
        }
        Ok(Self { ingest: Outbox::new(&config.partitions), levels })
    }

    /// Drives posts through all stages, then time to `watermark`: every timer up to it fires. `posts` are in order,
    /// after all posts before; nothing below `watermark` may come later.
    pub(crate) fn drive(&mut self, posts: Vec<(Trigger, Analysed)>, watermark: Timestamp) -> Driven {
        let lanes = Prepare::lane(&mut self.ingest);
        for (number, (trigger, mut post)) in (0..).zip(posts) {
            post.number = number;
            lanes.send(post.reference.account_key, &trigger, PrepareIn::Post(Box::new(post)));
        }
        for at in 0..self.levels.len() {
            let (before, rest) = self.levels.split_at_mut(at);
            let Some(level) = rest.first_mut() else { break };
            let stage = level.name();
            let ingest = StageName::Ingest.sends_to(stage).then_some(&mut self.ingest);
            let senders = before.iter_mut().filter(|from| from.name().sends_to(stage));
            let upstream = ingest.into_iter().chain(senders.flat_map(|from| from.outboxes()));
            level.run(upstream.collect(), watermark);
        }
        self.driven()
    }

    /// Takes what the stages have told the world.
    fn driven(&mut self) -> Driven {
        let (mut alerts, mut observed) = (Vec::new(), Observed::default());
        for outbox in self.levels.iter_mut().flat_map(|level| level.outboxes()) {
            alerts.extend(outbox.take_alerts());
            observed.append(outbox.take_observed());
        }
        RaisedAlert::sort(&mut alerts);
        observed.posts.sort_by_key(|post| post.number);
        Driven { alerts: alerts.into_iter().map(|raised| raised.alert).collect(), observed }
    }

    /// Stages with the records they consumed and what became of them.
    pub(crate) fn totals(&self) -> impl Iterator<Item = (StageName, StageTotals)> {
        self.levels.iter().map(|level| (level.name(), level.totals()))
    }

    /// The outcomes of the posts in prepare, over all partitions.
    pub(crate) fn outcomes(&self) -> PrepareCounts {
        let prepare = self.totals().find(|(stage, _)| *stage == StageName::Prepare);
        prepare.map_or_else(PrepareCounts::default, |(_, totals)| totals.outcomes)
    }

    /// Records consumed per stage.
    pub(crate) fn consumed(&self) -> Consumed {
        Consumed(self.totals().map(|(stage, totals)| (stage, totals.processed)).collect())
    }

    /// Writes the state of all stages, for a snapshot between two calls of [`Fused::drive`].
    pub(crate) fn write(&self, to: &mut dyn Write) -> Result<(), postcard::Error> {
        for level in &self.levels {
            level.write(to)?;
        }
        for (_, totals) in self.totals() {
            postcard::to_io(&totals.processed, &mut *to)?;
        }
        Ok(())
    }

    /// Goes on from a state that [`Fused::write`] wrote under the same configuration; leaves the bytes after it.
    pub(crate) fn read(&mut self, bytes: &mut &[u8]) -> Result<(), postcard::Error> {
        for level in &mut self.levels {
            *bytes = level.read(bytes)?;
        }
        for level in &mut self.levels {
            level.resume(level::take(bytes)?);
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use shoal_detect::{Analyst, Partitions};
    use shoal_formats::{Format, Limits};
    use shoal_model::Post;

    use super::*;
    use crate::testing::{FIRST, Loud};

    /// The alerts of a stage with `partitions` partitions in the place of group, over posts that are driven in batches
    /// of so many.
    pub(crate) fn loud(config: &Config, partitions: u16, posts: &[Post], batch: usize) -> Vec<Alert> {
        let provenance = Provenance { configuration: String::new(), version: String::new(), inputs: Vec::new() };
        let mut fused = Fused::new(config, &provenance, false).unwrap();
        let setup = Setup { config, provenance: &provenance };
        *fused.levels.last_mut().unwrap() = level::level::<Loud>(&setup, partitions, false).unwrap();
        let mut analyst = Analyst::new(config);
        let mut alerts = Vec::new();
        for posts in posts.chunks(batch) {
            let highest = posts.last().unwrap().observed_at;
            let analysed = posts.iter().map(|post| {
                let post = analyst.analyse(post.clone());
                (Trigger { at: post.reference.at, post: Some(post.reference.clone()) }, post)
            });
            alerts.extend(fused.drive(analysed.collect(), highest).alerts);
        }
        alerts
    }

    /// Posts of thirteen accounts, eleven seconds apart.
    pub(crate) fn posts() -> Vec<Post> {
        let post = |number: i64| {
            let (author, ts) = (number % 13, Timestamp::from_seconds(FIRST + number * 11));
            let line = format!(r#"{{"id":"p{number}","platform":"x","author":"u{author}","ts":"{ts}","text":"look"}}"#);
            Format::DEFAULT.decode(line.as_bytes(), &Limits::default()).unwrap().posts().next().unwrap()
        };
        (0..1_000).map(post).collect()
    }

    #[test]
    fn alerts_of_all_partitions_leave_in_the_order_of_their_causes_whatever_the_batches() {
        let config = Config { partitions: Partitions { prepare: 3, ..Partitions::default() }, ..Config::default() };
        let posts = posts();
        let alerts = loud(&config, 3, &posts, 1_000);
        let order = |alert: &Alert| (alert.raised_at, alert.alert_id.clone());
        assert!(alerts.is_sorted_by_key(|alert| alert.raised_at));
        let timers = alerts.iter().filter(|alert| (alert.raised_at.micros() / 1_000_000 - FIRST) % 600 == 0);
        assert!(timers.map(order).collect::<Vec<_>>().is_sorted());
        assert_eq!(alerts.iter().filter(|alert| alert.alert_id.ends_with('2')).count(), 19);
        assert!(alerts.len() > 19 * 3 + 100);
        for batch in [1, 7, 300] {
            assert_eq!(loud(&config, 3, &posts, batch), alerts, "{batch}");
        }
    }
}
