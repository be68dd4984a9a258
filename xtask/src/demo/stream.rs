//! Posts in the making: in any order while they are told, in order of time when they are written.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::people::People;
use super::rng::{self, Rng};

/// Days that the stream covers.
const DAYS: u32 = 5;
/// The seconds of the stream.
const END: u32 = DAYS * 86_400;
/// The volume of posts in each hour of the day.
const HOURS: [u32; 24] = [8, 4, 2, 1, 1, 3, 10, 26, 38, 34, 30, 32, 42, 38, 30, 28, 30, 38, 46, 52, 56, 50, 36, 18];
const BUSIEST: u32 = 56;

/// The relation of a post to another, which is named by its place in [`Stream::drafts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PostRelation {
    /// It stands for itself.
    Nothing,
    /// It repeats a post.
    Repost(usize),
    /// It answers a post.
    Reply(usize),
}

/// A post that has no id yet.
#[derive(Debug)]
pub(super) struct DraftPost {
    /// Seconds since the stream began.
    pub(super) at: u32,
    pub(super) author: usize,
    pub(super) text: String,
    pub(super) lang: &'static str,
    pub(super) action: PostRelation,
}

/// All posts.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) drafts: Vec<DraftPost>,
    hours: Vec<u32>,
}

impl Stream {
    pub(super) fn new() -> Self {
        Self { drafts: Vec::new(), hours: rng::totals(HOURS) }
    }

    /// A moment on some day, in hours in which people write.
    pub(super) fn moment(&self, rng: &mut Rng) -> u32 {
        let day = rng.below(DAYS);
        self.moment_on(rng, day)
    }

    /// A moment on this day (the first is 0), in hours in which people write.
    pub(super) fn moment_on(&self, rng: &mut Rng, day: u32) -> u32 {
        day * 86_400 + rng.weighted(&self.hours) as u32 * 3_600 + rng.below(3_600)
    }

    /// Adds a post; its place, or nothing when its time lies beyond the end.
    pub(super) fn add(&mut self, draft: DraftPost) -> Option<usize> {
        let place = self.drafts.len();
        (draft.at < END).then(|| {
            self.drafts.push(draft);
            place
        })
    }

    /// Adds a post in English that stands for itself.
    pub(super) fn post(&mut self, at: u32, author: usize, text: String) -> Option<usize> {
        self.add(DraftPost { at, author, text, lang: "en", action: PostRelation::Nothing })
    }

    /// Adds a repost of the post at `place`, `delay` seconds later. Nobody repeats himself.
    pub(super) fn repost(&mut self, place: usize, author: usize, delay: u32) {
        let DraftPost { at, author: source, ref text, lang, .. } = self.drafts[place];
        if source != author {
            let text = text.clone();
            self.add(DraftPost { at: at + delay, author, text, lang, action: PostRelation::Repost(place) });
        }
    }

    /// The places of posts that stand for themselves, by such authors.
    pub(super) fn originals_of(&self, such: impl Fn(usize) -> bool) -> Vec<usize> {
        let drafts = self.drafts.iter().enumerate();
        drafts
            .filter(|(_, draft)| draft.action == PostRelation::Nothing && such(draft.author))
            .map(|(place, _)| place)
            .collect()
    }

    /// Everybody who wrote something.
    pub(super) fn authors(&self) -> BTreeSet<usize> {
        self.drafts.iter().map(|draft| draft.author).collect()
    }

    /// The native form: one JSON object in a line, in order of time.
    pub(super) fn ndjson(&self, people: &People) -> String {
        let mut order: Vec<usize> = (0..self.drafts.len()).collect();
        order.sort_by_key(|place| (self.drafts[*place].at, *place));
        let mut numbers = vec![0; self.drafts.len()];
        for (number, place) in order.iter().enumerate() {
            numbers[*place] = number;
        }
        let mut lines = String::new();
        for place in order {
            self.write(&mut lines, people, place, &numbers);
        }
        lines
    }

    fn write(&self, lines: &mut String, people: &People, place: usize, numbers: &[usize]) {
        let draft = &self.drafts[place];
        let (text, author) = (Value::from(draft.text.as_str()), Value::from(people.handle(draft.author)));
        let (number, time, lang) = (numbers[place], time(draft.at), draft.lang);
        let repost = matches!(draft.action, PostRelation::Repost(_));
        // Writing to a String cannot fail.
        let _ = write!(
            lines,
            r#"{{"id":"d{number:06}","platform":"demo","author":{author},"ts":"{time}","text":{text},"lang":"{lang}","repost":{repost}"#
        );
        let _ = match draft.action {
            PostRelation::Nothing => Ok(()),
            PostRelation::Repost(of) => write!(lines, r#","repost_of":"d{:06}""#, numbers[of]),
            PostRelation::Reply(to) => write!(lines, r#","reply_to":"d{:06}""#, numbers[to]),
        };
        lines.push_str("}\n");
    }
}

/// Draws the time until somebody takes up a post: mostly minutes, sometimes most of a day, rarely at night.
pub(super) fn delay(rng: &mut Rng, at: u32) -> u32 {
    loop {
        let scale = 30 << rng.below(11);
        let delay = scale + rng.below(scale);
        let hour = (at + delay) / 3_600 % 24;
        if rng.below(BUSIEST) < HOURS[hour as usize] + 4 {
            return delay;
        }
    }
}

/// A moment as RFC 3339; the stream begins with 2 March 2026.
fn time(at: u32) -> String {
    let (day, second) = (2 + at / 86_400, at % 86_400);
    format!("2026-03-{day:02}T{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339() {
        assert_eq!(time(0), "2026-03-02T00:00:00Z");
        assert_eq!(time(END - 1), "2026-03-06T23:59:59Z");
    }

    #[test]
    fn the_busiest_hour_is_the_busiest() {
        assert_eq!(HOURS.iter().max(), Some(&BUSIEST));
    }

    #[test]
    fn nothing_is_added_beyond_the_end_and_nobody_reposts_himself() {
        let mut stream = Stream::new();
        assert_eq!(stream.post(END, 1, String::new()), None);
        assert_eq!(stream.post(END - 10, 1, "last".to_owned()), Some(0));
        stream.repost(0, 1, 5);
        stream.repost(0, 2, 10);
        stream.repost(0, 2, 5);
        assert_eq!(stream.drafts.len(), 2);
        assert_eq!(stream.drafts[1].action, PostRelation::Repost(0));
    }
}
