//! The order of one source: watermark, lateness, jumps.
//!
//! The watermark of a source is the highest accepted `observed_at` minus the configured lateness. Posts leave in
//! (time, id) order once the watermark has passed them. A post older than the watermark is late: it is processed
//! at the watermark. A time far ahead of the watermark, or the first of all, is believed only when two of the
//! next three raw times agree with it: one bad time stamp cannot expire a window.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use serde::{Deserialize, Serialize};
use shoal_model::{Span, Timestamp};

use crate::OrderConfig;

/// The number of raw times after a jump that are asked, and the number that must agree.
const VOTES: u8 = 3;
const AGREEING: u8 = 2;

/// Something with a time and a total order among things of equal time.
pub trait Timed {
    /// The time at which it was observed.
    fn observed_at(&self) -> Timestamp;
    /// The order among things that are processed at the same moment.
    fn tie_break(&self, other: &Self) -> Ordering;
}

impl<T: Timed> Timed for Box<T> {
    fn observed_at(&self) -> Timestamp {
        (**self).observed_at()
    }

    fn tie_break(&self, other: &Self) -> Ordering {
        (**self).tie_break(other)
    }
}

/// An item in its place in the order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sequenced<T> {
    /// The event time at which it is processed.
    pub at: Timestamp,
    /// Set when it came after the watermark had passed its time.
    pub late: bool,
    /// The item.
    pub item: T,
}

/// The state of one source's order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound(serialize = "T: Serialize + Timed", deserialize = "T: Deserialize<'de> + Timed"))]
pub struct SourceOrder<T> {
    lateness: Span,
    jump: Span,
    watermark: Option<Timestamp>,
    highest: Option<Timestamp>,
    held: Vec<Held<T>>,
    waiting: BinaryHeap<Waiting<T>>,
}

/// An item whose time is not believed yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Held<T> {
    item: T,
    agreed: u8,
    asked: u8,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Waiting<T>(Sequenced<T>);

impl<T: Timed> Ord for Waiting<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        // Reversed: the heap gives its greatest first.
        other.0.at.cmp(&self.0.at).then_with(|| other.0.item.tie_break(&self.0.item))
    }
}

impl<T: Timed> PartialOrd for Waiting<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Timed> PartialEq for Waiting<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T: Timed> Eq for Waiting<T> {}

impl<T: Timed> SourceOrder<T> {
    /// The order of a source of which nothing has been read.
    pub fn new(config: &OrderConfig) -> Self {
        Self {
            lateness: config.lateness,
            jump: config.jump,
            watermark: None,
            highest: None,
            held: Vec::new(),
            waiting: BinaryHeap::new(),
        }
    }

    /// The watermark; `None` before a time has been accepted.
    pub fn watermark(&self) -> Option<Timestamp> {
        self.watermark
    }

    /// The number of items that wait for the watermark or for belief in their time.
    pub fn buffered(&self) -> usize {
        self.waiting.len() + self.held.len()
    }

    /// Takes in one item, in the order of arrival. Items whose time turned out to be wrong go to `refused`.
    pub fn push(&mut self, item: T, refused: &mut Vec<T>) {
        let time = item.observed_at();
        self.ask(time, refused);
        if self.is_jump(time) {
            self.held.push(Held { item, agreed: 0, asked: 0 });
        } else {
            self.accept(item);
        }
    }

    /// The next item below the watermark, in (time, id) order.
    pub fn pop(&mut self) -> Option<Sequenced<T>> {
        let watermark = self.watermark?;
        (self.waiting.peek()?.0.at < watermark).then(|| self.waiting.pop()).flatten().map(|waiting| waiting.0)
    }

    /// At the end of input: what is held is believed, and everything leaves.
    pub fn finish(&mut self) {
        self.believe();
        self.watermark = Some(Timestamp::MAX);
    }

    /// Nothing has come for a while: what is held is believed unless it lies after `limit`, and the watermark passes
    /// the highest time, so that what waits leaves.
    pub fn settle(&mut self, limit: Timestamp, refused: &mut Vec<T>) {
        let held = std::mem::take(&mut self.held);
        let (plausible, wrong) = held.into_iter().partition(|held: &Held<T>| held.item.observed_at() <= limit);
        self.held = plausible;
        refused.extend(wrong.into_iter().map(|held| held.item));
        self.believe();
        // A late post waits at the watermark itself.
        if let Some(highest) = self.highest.max(self.watermark) {
            self.raise(highest.plus(Span::from_micros(1)));
        }
    }

    /// Others have gone on while nothing came here: what is older than `watermark` is late from now on.
    pub fn raise(&mut self, watermark: Timestamp) {
        self.watermark = self.watermark.max(Some(watermark));
    }

    /// The highest time that was accepted.
    pub fn highest(&self) -> Option<Timestamp> {
        self.highest
    }

    fn believe(&mut self) {
        // By time, so that one that came early does not make the others late.
        let mut held = std::mem::take(&mut self.held);
        held.sort_by_key(|held| held.item.observed_at());
        for held in held {
            self.accept(held.item);
        }
    }

    /// Tells whether a time would be held until later times agree with it.
    pub fn is_jump(&self, time: Timestamp) -> bool {
        self.watermark.is_none_or(|watermark| time > watermark.plus(self.jump))
    }

    /// Lets a raw time agree or disagree with what is held. Decided items leave in the order they came; when one
    /// is believed the others may no longer be jumps.
    fn ask(&mut self, time: Timestamp, refused: &mut Vec<T>) {
        for held in &mut self.held {
            held.asked += 1;
            held.agreed += u8::from(time >= held.item.observed_at().minus(self.jump));
        }
        let mut index = 0;
        while let Some(held) = self.held.get(index) {
            let believed = held.agreed >= AGREEING || !self.is_jump(held.item.observed_at());
            let disbelieved = held.asked - held.agreed > VOTES - AGREEING;
            if believed {
                let item = self.held.remove(index).item;
                self.accept(item);
                index = 0;
            } else if disbelieved {
                refused.push(self.held.remove(index).item);
            } else {
                index += 1;
            }
        }
    }

    fn accept(&mut self, item: T) {
        let time = item.observed_at();
        let late = self.watermark.is_some_and(|watermark| time < watermark);
        let at = if late { self.watermark.unwrap_or(time) } else { time };
        self.waiting.push(Waiting(Sequenced { at, late, item }));
        self.highest = self.highest.max(Some(time));
        self.watermark = self.watermark.max(Some(time.minus(self.lateness)));
    }
}

impl Timed for Timestamp {
    fn observed_at(&self) -> Timestamp {
        *self
    }

    fn tie_break(&self, _other: &Self) -> Ordering {
        Ordering::Equal
    }
}

/// Tells, where the records of a source are read, which of them its [`SourceOrder`] may hold or refuse: a time that is
/// not in doubt here is accepted there. It goes through the same motions with the times alone.
#[derive(Debug, Clone)]
pub struct TimeDoubt(SourceOrder<Timestamp>);

impl TimeDoubt {
    /// For a source of which nothing has been read, or of which it is not known here how far it had come.
    pub fn new(config: &OrderConfig) -> Self {
        Self(SourceOrder::new(config))
    }

    /// Tells whether the time of the next record is in doubt.
    pub fn is_doubtful(&mut self, time: Timestamp) -> bool {
        let doubtful = self.0.is_jump(time);
        self.0.push(time, &mut Vec::new());
        self.0.waiting.clear();
        doubtful
    }

    /// Forgets the times that are held: from here on the order may have been told that nothing comes, which decides
    /// them.
    pub fn pause(&mut self) {
        self.0.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Dated(i64, u32);

    impl Timed for Dated {
        fn observed_at(&self) -> Timestamp {
            Timestamp::from_seconds(self.0)
        }

        fn tie_break(&self, other: &Self) -> Ordering {
            self.1.cmp(&other.1)
        }
    }

    fn run(times: &[i64], lateness: i64) -> (Vec<(i64, i64, bool)>, Vec<i64>) {
        let config = OrderConfig { lateness: Span::from_seconds(lateness), ..OrderConfig::default() };
        let (mut order, mut refused, mut out) = (SourceOrder::new(&config), Vec::new(), Vec::new());
        let mut take = |order: &mut SourceOrder<Dated>| {
            while let Some(placed) = order.pop() {
                out.push((placed.item.0, placed.at.micros() / 1_000_000, placed.late));
            }
        };
        for (index, time) in times.iter().enumerate() {
            order.push(Dated(*time, index as u32), &mut refused);
            take(&mut order);
        }
        order.finish();
        take(&mut order);
        (out, refused.into_iter().map(|item| item.0).collect())
    }

    fn released(times: &[i64], lateness: i64) -> Vec<i64> {
        run(times, lateness).0.into_iter().map(|(time, _, _)| time).collect()
    }

    #[test]
    fn posts_within_lateness_leave_in_order() {
        assert_eq!(released(&[10, 9, 11, 10, 12], 5), [9, 10, 10, 11, 12]);
    }

    #[test]
    fn a_late_post_is_processed_at_the_watermark() {
        let (out, refused) = run(&[100, 101, 102, 103, 50, 104], 1);
        assert!(refused.is_empty());
        assert!(out.contains(&(50, 102, true)));
        assert!(out.is_sorted_by_key(|(_, at, _)| *at));
    }

    #[test]
    fn one_time_far_ahead_is_refused_and_moves_nothing() {
        let (out, refused) = run(&[100, 101, 102, 4_000_000_000, 103, 104, 105, 106], 1);
        assert_eq!(refused, [4_000_000_000]);
        assert!(out.iter().all(|(_, _, late)| !late));
    }

    #[test]
    fn a_real_gap_is_believed() {
        let gap = 40 * 86_400;
        let (out, refused) = run(&[100, 101, 102, gap, gap + 1, gap + 2, gap + 3], 1);
        assert!(refused.is_empty());
        assert_eq!(out.len(), 7);
        assert!(out.iter().all(|(_, _, late)| !late));
    }

    #[test]
    fn the_first_time_may_be_wrong() {
        let (_, refused) = run(&[4_000_000_000, 100, 101, 102, 103], 1);
        assert_eq!(refused, [4_000_000_000]);
        let (out, refused) = run(&[0, 1_400_000_000, 1_400_000_001, 1_400_000_002], 1);
        assert!(refused.is_empty());
        assert_eq!(out.first().map(|first| first.0), Some(0));
    }

    #[test]
    fn what_is_held_at_the_end_is_released() {
        assert_eq!(released(&[100], 1), [100]);
        assert_eq!(released(&[100, 101, 102, 900_000], 1), [100, 101, 102, 900_000]);
    }

    #[test]
    fn two_wrong_times_of_three_are_needed_to_be_believed() {
        // The second wrong time agrees with the first, the real ones outvote both.
        let (_, refused) = run(&[100, 101, 102, 4_000_000_000, 4_000_000_001, 103, 104, 105], 1);
        assert_eq!(refused, [4_000_000_000, 4_000_000_001]);
    }

    #[test]
    fn an_idle_source_lets_others_pass_and_is_late_when_it_wakes() {
        let (mut order, mut refused) = (SourceOrder::new(&OrderConfig::default()), Vec::new());
        for time in [100, 101, 102, 103] {
            order.push(Dated(time, 0), &mut refused);
        }
        order.settle(Timestamp::MAX, &mut refused);
        let released = std::iter::from_fn(|| order.pop()).count();
        assert_eq!((released, order.buffered()), (4, 0));
        order.raise(Timestamp::from_seconds(200));
        order.push(Dated(150, 0), &mut refused);
        order.settle(Timestamp::MAX, &mut refused);
        let late = order.pop().unwrap();
        assert!(late.late && late.at >= Timestamp::from_seconds(200));
    }

    #[test]
    fn a_wrong_clock_is_not_believed_when_nothing_follows_it() {
        let (mut order, mut refused) = (SourceOrder::new(&OrderConfig::default()), Vec::new());
        for time in [100, 101, 102, 103, 4_000_000_000] {
            order.push(Dated(time, 0), &mut refused);
        }
        order.settle(Timestamp::from_seconds(1_000), &mut refused);
        assert_eq!(refused, [Dated(4_000_000_000, 0)]);
        assert!(order.watermark() < Some(Timestamp::from_seconds(1_000)));
    }

    proptest::proptest! {
        #[test]
        fn what_is_held_is_in_doubt_where_it_is_read(
            times in proptest::collection::vec((0_i64..40_000, 0_u8..20), 0..200), lateness in 0_i64..5_000,
        ) {
            let config = OrderConfig { lateness: Span::from_seconds(lateness), ..OrderConfig::default() };
            let (mut order, mut doubt, mut refused) = (SourceOrder::new(&config), TimeDoubt::new(&config), Vec::new());
            for (time, event) in times {
                let at = Timestamp::from_seconds(time);
                let held = order.is_jump(at);
                proptest::prop_assert!(doubt.is_doubtful(at) || !held);
                order.push(Dated(time, 0), &mut refused);
                if event == 0 {
                    order.settle(Timestamp::from_seconds(time - 5_000), &mut refused);
                    doubt.pause();
                }
            }
        }

        #[test]
        fn a_steady_source_is_in_doubt_for_three_records(step in 0_i64..3_600) {
            let mut doubt = TimeDoubt::new(&OrderConfig::default());
            let doubtful = (0..100).filter(|number| doubt.is_doubtful(Timestamp::from_seconds(number * step))).count();
            proptest::prop_assert!(doubtful <= 3, "{doubtful}");
        }

        #[test]
        fn nothing_is_lost_and_the_order_never_goes_back(
            times in proptest::collection::vec(0_i64..100_000, 0..200), lateness in 0_i64..5_000,
        ) {
            let (out, refused) = run(&times, lateness);
            proptest::prop_assert_eq!(out.len() + refused.len(), times.len());
            proptest::prop_assert!(out.is_sorted_by_key(|(_, at, _)| *at));
        }
    }
}
