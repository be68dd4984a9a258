//! The two campaigns that are hidden in the stream.
//!
//! Their accounts also take part in the small talk, and some bystanders repeat what they push: once or twice
//! each, which makes nobody part of a campaign.

use super::SLOGANS;
use super::grammar::Grammar;
use super::people::People;
use super::rng::Rng;
use super::stream::Stream;

const PAGES: u32 = 28;
const BOOSTED: u32 = 24;
const SITE: &str = "https://harbour-truth.example";

/// Words of addresses on the site.
const PAGE_WORDS: [&str; 16] = [
    "gates",
    "invoices",
    "minutes",
    "survey",
    "coins",
    "rust",
    "letters",
    "cameras",
    "contracts",
    "ferries",
    "deadline",
    "signatures",
    "cables",
    "ledger",
    "pylons",
    "permits",
];

/// Fourteen accounts post variants of the same texts within minutes and repost one another.
pub(super) fn slogans(rng: &mut Rng, stream: &mut Stream) {
    let accounts = People::slogan_campaign();
    for (number, slogan) in SLOGANS.lines().enumerate() {
        let start = stream.moment_on(rng, number as u32 % 5);
        let size = rng.between(6, 10);
        let mut places = Vec::new();
        for author in rng.sample(&accounts, size) {
            let at = start + rng.below(720);
            places.extend(stream.post(at, author, variant(rng, slogan)));
        }
        let Some(first) = places.first().copied() else { continue };
        let size = rng.between(3, 6);
        for author in rng.sample(&accounts, size) {
            let delay = rng.between(120, 2_400);
            stream.repost(first, author, delay);
        }
        amplify(rng, stream, first);
    }
}

/// Nine accounts push pages of one site within the hour, each in its own words, and repost the same posts.
pub(super) fn links(grammar: &Grammar, rng: &mut Rng, stream: &mut Stream) {
    let accounts = People::link_campaign();
    let others = stream.originals_of(People::is_bystander);
    for number in 0..PAGES {
        let words = rng.sample(&PAGE_WORDS, 2).join("-");
        let page = format!("{SITE}/{}/{words}-{number}", rng.pick(&["files", "toll", "read"]));
        let start = stream.moment_on(rng, number % 5);
        let size = rng.between(4, 7);
        let mut places = Vec::new();
        for author in rng.sample(&accounts, size) {
            let url = format!(
                "{page}{}",
                rng.pick(&["", "", "?utm_source=share", "?utm_medium=social&utm_campaign=toll", "#top"])
            );
            let text = grammar.say(rng, "digger").replace("[url]", &url);
            let at = start + rng.below(3_300);
            places.extend(stream.post(at, author, text));
        }
        if let Some(first) = places.first().copied() {
            amplify(rng, stream, first);
        }
    }
    for _ in 0..BOOSTED {
        // Posts of others: who is repeated need not know.
        let place = *rng.pick(&others);
        let (start, size) = (rng.between(300, 7_200), rng.between(5, 8));
        for author in rng.sample(&accounts, size) {
            let delay = start + rng.below(2_700);
            stream.repost(place, author, delay);
        }
    }
}

/// Bystanders who repeat a post of a campaign.
fn amplify(rng: &mut Rng, stream: &mut Stream, place: usize) {
    for _ in 0..rng.below(3) {
        let (author, delay) = (People::bystander(rng), rng.between(600, 20_000));
        stream.repost(place, author, delay);
    }
}

/// A slogan as another account writes it: the same to a reader, another string to a machine.
fn variant(rng: &mut Rng, slogan: &str) -> String {
    let mut text = slogan.to_owned();
    for _ in 0..rng.below(3) {
        text = match rng.below(8) {
            0 => text.replace("Harbour", "Harbor").replace("harbour", "harbor"),
            1 => text.replace(" and ", " & "),
            2 => text.replace(['!', '.'], "!!"),
            3 => text.replace("people", "ppl").replace("council", "COUNCIL").replace("toll", "TOLL"),
            4 => text.replace(", ", " , "),
            5 => text.to_lowercase(),
            6 => format!("{text} {}", rng.pick(&["😡", "✊", "🌉", "👇", "🙅‍♀️", "💙💙"])),
            _ if text.contains('#') => text,
            _ => format!("{text} {}", rng.pick(&["#NoBridgeToll", "#NoBridgeToll #HarbourBridge", "#VoteNo"])),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_is_read_like_its_slogan() {
        let mut rng = Rng::new(5);
        let slogan = "One town and one bridge, people. Vote no on the toll!";
        let letters = |text: &str| text.to_lowercase().chars().filter(char::is_ascii_lowercase).collect::<String>();
        let variants: Vec<String> = (0..200).map(|_| variant(&mut rng, slogan)).collect();
        assert!(variants.iter().any(|text| text == slogan));
        assert!(variants.iter().all(|text| letters(text).starts_with("onetown")));
    }
}
