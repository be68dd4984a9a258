//! Posts of ordinary people: small talk, topics of the day, news, reposts, replies.

use super::grammar::Grammar;
use super::people::People;
use super::rng::{self, Rng};
use super::stream::{self, DraftPost, PostRelation, Stream};

const SMALL_TALK: u32 = 2_450;
const TOPICAL: u32 = 850;
const ARTICLES: u32 = 48;
const LINKS: u32 = 420;
const REPLIES: u32 = 520;

/// Small talk by rule and language; one is as likely as another.
const EVERYDAY: [(&str, &str); 10] = [
    ("food", "en"),
    ("weather", "en"),
    ("commute", "en"),
    ("pets", "en"),
    ("garden", "en"),
    ("work", "en"),
    ("culture", "en"),
    ("town", "en"),
    ("town", "en"),
    ("spanish", "es"),
];

/// Topics of the town: rule, rule of its hashtags.
const TOPICS: [(&str, &str); 4] = [
    ("election", "election_tags"),
    ("election", "election_tags"),
    ("football", "football_tags"),
    ("toll", "toll_tags"),
];

/// The derby is on the third day and kicks off at 18:30.
const DERBY: u32 = 2 * 86_400 + 18 * 3_600 + 1_800;

/// Tells all of it.
pub(super) fn tell(grammar: &Grammar, people: &People, rng: &mut Rng, stream: &mut Stream) {
    for _ in 0..SMALL_TALK {
        let (rule, lang) = *rng.pick(&EVERYDAY);
        let text = voiced(grammar.say(rng, rule), rng);
        let (at, author) = (stream.moment(rng), people.anybody(rng));
        stream.add(DraftPost { at, author, text, lang, action: PostRelation::Nothing });
    }
    for _ in 0..TOPICAL {
        topical(grammar, people, rng, stream);
    }
    news(grammar, people, rng, stream);
    let originals = stream.drafts.len();
    for place in 0..originals {
        cascade(people, rng, stream, place);
    }
    for _ in 0..REPLIES {
        let place = rng.below(originals as u32) as usize;
        answers(grammar, people, rng, stream, place);
    }
}

/// Adds a post about a topic of the town, mostly with hashtags.
fn topical(grammar: &Grammar, people: &People, rng: &mut Rng, stream: &mut Stream) {
    let (rule, tags) = *rng.pick(&TOPICS);
    let mut text = voiced(grammar.say(rng, rule), rng);
    if rng.chance(70) {
        text = format!("{text} {}", grammar.say(rng, tags));
    }
    // Two hours of football on the evening of the derby, and a little on other days.
    let derby = rule == "football" && rng.chance(85);
    let at = if derby { DERBY + rng.below(7_200) } else { stream.moment(rng) };
    stream.post(at, people.anybody(rng), text);
}

/// Articles of four papers, shared with a word of one's own or by the paper's share button.
fn news(grammar: &Grammar, people: &People, rng: &mut Rng, stream: &mut Stream) {
    let articles: Vec<(u32, String, String)> = (0..ARTICLES)
        .map(|_| {
            let (at, headline) = (stream.moment(rng), grammar.say(rng, "headline"));
            (at, format!("https://{}/2026/03/{}", grammar.say(rng, "site"), slug(&headline)), headline)
        })
        .collect();
    // The first articles are the talk of the town.
    let interest = rng::totals((0..ARTICLES).map(|rank| 100 / (rank + 3)));
    for _ in 0..LINKS {
        let (published, url, headline) = &articles[rng.weighted(&interest)];
        let text = if rng.chance(25) {
            format!("{headline} {url}")
        } else {
            grammar.say(rng, "share").replace("[url]", url).replace("[headline_slot]", headline)
        };
        let at = published + stream::delay(rng, *published);
        stream.post(at, people.anybody(rng), text);
    }
}

/// The end of an address: the words of a headline.
fn slug(headline: &str) -> String {
    let words = headline.split(|symbol: char| !symbol.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

/// The reposts of one post: mostly none, now and then everybody's.
fn cascade(people: &People, rng: &mut Rng, stream: &mut Stream, place: usize) {
    let size = match rng.below(1_000) {
        0..740 => 0,
        740..930 => 1,
        930..980 => rng.between(2, 4),
        980..996 => rng.between(5, 14),
        _ => rng.between(30, 110),
    };
    let mut reposters: Vec<usize> = (0..size).map(|_| people.anybody(rng)).collect();
    reposters.sort_unstable();
    reposters.dedup();
    for author in reposters {
        let delay = stream::delay(rng, stream.drafts[place].at);
        stream.repost(place, author, delay);
    }
}

/// Adds one to three answers to a post.
fn answers(grammar: &Grammar, people: &People, rng: &mut Rng, stream: &mut Stream, place: usize) {
    for _ in 0..rng.between(1, 3).min(rng.between(1, 3)) {
        let (source, author) = (stream.drafts[place].author, people.anybody(rng));
        let text = format!("@{} {}", people.handle(source), grammar.say(rng, "reply"));
        let at = stream.drafts[place].at + stream::delay(rng, stream.drafts[place].at);
        stream.add(DraftPost { at, author, text, lang: "en", action: PostRelation::Reply(place) });
    }
}

/// The same words as different people write them.
fn voiced(text: String, rng: &mut Rng) -> String {
    match rng.below(10) {
        0 | 1 => text.to_lowercase(),
        2 => text.replace(". ", "! "),
        3 => format!("{text} {}", rng.pick(&["😀", "🙈", "☕", "🌧️", "🎉", "🤷", "🐟", "💛"])),
        4 => text.replace(" and ", " & "),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_words_and_hyphens() {
        assert_eq!(slug("After the storm: Teachers' union sells  boats"), "after-the-storm-teachers-union-sells-boats");
    }
}
