//! `cargo xtask demo`: a small stream of invented posts in which two campaigns are hidden.
//!
//! Five days of an invented town: small talk, a derby, an election, a vote on a bridge toll. Fourteen accounts
//! post variants of the same slogans and repost one another; nine others push one site and repost the same posts.
//! The bytes depend on nothing but this code, so the committed files can be checked against it.

mod background;
mod campaigns;
mod grammar;
mod people;
mod rng;
mod stream;

use std::path::Path;

use anyhow::{Context, Result};

use grammar::Grammar;
use people::People;
use rng::Rng;
use stream::Stream;

const SEED: u64 = 20_260_302;
/// The rules that texts and handles are made by.
const POSTS: &str = include_str!("posts.txt");
/// The texts of the first campaign.
const SLOGANS: &str = include_str!("slogans.txt");

/// The generated files: paths from the root, and contents.
fn generate() -> [(&'static str, String); 2] {
    let grammar = Grammar::read(POSTS);
    let mut rng = Rng::new(SEED);
    let people = People::invent(&grammar, &mut rng);
    let mut stream = Stream::new();
    background::tell(&grammar, &people, &mut rng, &mut stream);
    campaigns::slogans(&mut rng, &mut stream);
    campaigns::links(&grammar, &mut rng, &mut stream);
    [("pipelines/demo.ndjson", stream.ndjson(&people)), ("pipelines/demo.labels.tsv", people.labels(&stream.authors()))]
}

/// Writes the files.
pub(crate) fn write(root: &Path) -> Result<()> {
    for (path, text) in generate() {
        std::fs::write(root.join(path), &text).with_context(|| format!("cannot write {path}"))?;
        println!("{path}: {} lines, {} bytes", text.lines().count(), text.len());
    }
    Ok(())
}

/// Compares the files in the project with those that would be written.
pub(crate) fn differences(root: &Path) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for (path, text) in generate() {
        let file = root.join(path);
        let lies = if file.exists() {
            std::fs::read(&file).with_context(|| format!("cannot read {path}"))?
        } else {
            Vec::new()
        };
        if lies != text.as_bytes() {
            findings.push(format!("{path}: is not what `cargo xtask demo` writes: run it, or take the edit back"));
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::Value;

    use super::*;

    fn posts() -> (Vec<Value>, String) {
        let [(_, ndjson), (_, labels)] = generate();
        (ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), labels)
    }

    #[test]
    fn the_stream_is_the_same_every_time() {
        assert_eq!(generate(), generate());
    }

    #[test]
    fn posts_are_in_order_and_point_back() {
        let (posts, _) = posts();
        assert!((6_000..9_000).contains(&posts.len()), "{} posts", posts.len());
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        let mut last = "";
        for post in &posts {
            let (id, time) = (post["id"].as_str().unwrap(), post["ts"].as_str().unwrap());
            assert!(last <= time && ("2026-03-02T00:00:00Z".."2026-03-07T00:00:00Z").contains(&time));
            for field in ["repost_of", "reply_to"] {
                if let Some(target) = post[field].as_str() {
                    assert!(seen[target] < time, "{id} answers what is yet to come");
                }
            }
            assert_eq!(post["repost"].as_bool(), Some(post["repost_of"].is_string()));
            assert!(!post["text"].as_str().unwrap().contains(['[', ']']), "{id} is not filled in");
            assert!(seen.insert(id, time).is_none(), "{id} stands twice");
            last = time;
        }
    }

    #[test]
    fn every_account_is_labelled_and_the_campaigns_are_small() {
        let (posts, labels) = posts();
        let labels: BTreeMap<&str, &str> = labels.lines().skip(1).filter_map(|line| line.split_once('\t')).collect();
        let authors: BTreeSet<&str> = posts.iter().filter_map(|post| post["author"].as_str()).collect();
        assert!(authors.iter().eq(labels.keys()));
        assert!((600..900).contains(&authors.len()), "{} accounts", authors.len());
        assert_eq!(labels.values().filter(|label| **label == "coordinated").count(), 23);
    }

    #[test]
    fn the_files_that_lie_there_are_compared() {
        let root = std::env::temp_dir().join(format!("shoal-demo-{}", std::process::id()));
        std::fs::create_dir_all(root.join("pipelines")).unwrap();
        assert_eq!(differences(&root).unwrap().len(), 2);
        write(&root).unwrap();
        assert_eq!(differences(&root).unwrap().len(), 0);
        std::fs::remove_dir_all(root).unwrap();
    }
}
