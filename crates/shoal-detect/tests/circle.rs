//! The circle test against its executable specification: two vectors made from real posts.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use common::step;
use shoal_detect::{
    Analysed, Circle, Config, ExplicitTrace, Keyer, Outbox, Pair, Partitions, Prepare, PrepareIn, Trigger,
};
use shoal_model::{AccountKey, Action, Author, Descriptor, Interned, Layer, Post, PostRef, Timestamp};

/// A row of a vector: post, time, account, layer, object.
type Row = (String, i64, String, Layer, String);

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/circle").join(name)
}

fn rows(name: &str) -> Vec<Row> {
    let file = zstd::Decoder::new(File::open(golden(name)).unwrap()).unwrap();
    let lines = BufReader::new(file).lines().skip(1).map(Result::unwrap);
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let [post, t, account, layer, object] = fields[..] else { panic!("{line}") };
            (post.to_owned(), t.parse().unwrap(), account.to_owned(), layer.parse().unwrap(), object.to_owned())
        })
        .collect()
}

fn expected(name: &str) -> BTreeMap<String, (u64, f64)> {
    let lines = BufReader::new(File::open(golden(name)).unwrap()).lines().skip(1).map(Result::unwrap);
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            (fields[0].to_owned(), (fields[1].parse().unwrap(), fields[2].parse().unwrap()))
        })
        .collect()
}

fn analysed(keyer: Keyer, rows: &[Row]) -> (Trigger, Analysed) {
    let (id, seconds, account, ..) = rows[0].clone();
    let at = Timestamp::from_seconds(seconds);
    let account_key = keyer.account(&account);
    let key = keyer.post(account_key, &id);
    let reference = Interned::new(PostRef {
        key,
        id: id.as_str().into(),
        account: account.as_str().into(),
        account_key,
        at,
        url: None,
        profile: None,
    });
    let traces = rows.iter().map(|(.., layer, object)| ExplicitTrace {
        layer: *layer,
        object: keyer.object(*layer, object.as_bytes()),
        descriptor: Interned::new(Descriptor { label: object.as_str().into() }),
    });
    let post = Post {
        id,
        author: Author { id: account, ..Author::default() },
        observed_at: at,
        created_at: None,
        text: String::new(),
        lang: None,
        action: Action::default(),
        urls: Vec::new(),
        url: None,
        client: None,
        media: Vec::new(),
    };
    let trigger = Trigger { at, post: Some(Interned::clone(&reference)) };
    (trigger, Analysed { post, reference, key, traces: traces.collect(), text: None, entities: None, number: 0 })
}

fn run(name: &str, partitions: u16) -> BTreeMap<String, (u64, f64)> {
    let partitions = Partitions { prepare: partitions, matching: 1, pair: partitions, tie: 1, circle: partitions };
    let config = Config { partitions: partitions.clone(), ..Config::default() };
    let keyer = Keyer::new(config.seed);
    let mut prepare: Vec<_> = (0..partitions.prepare).map(|number| Prepare::new(&config, number)).collect();
    let mut pair: Vec<_> = (0..partitions.pair).map(|_| Pair::new(&config)).collect();
    let mut circle: Vec<_> = (0..partitions.circle).map(|number| Circle::new(&config, number)).collect();
    let mut accounts = BTreeMap::new();
    let rows = rows(name);
    for post in rows.chunk_by(|a, b| a.0 == b.0) {
        let (trigger, analysed) = analysed(keyer, post);
        accounts.insert(post[0].2.clone(), analysed.reference.account_key);
        let at = trigger.at;
        let home = shoal_detect::partition_of(analysed.reference.account_key, prepare.len());
        let mut out = Outbox::new(&config.partitions);
        for (number, stage) in prepare.iter_mut().enumerate() {
            let own = (number == home).then(|| (trigger.clone(), PrepareIn::Post(Box::new(analysed.clone()))));
            step(stage, own.into_iter().collect(), at, &mut out);
        }
        for (number, stage) in pair.iter_mut().enumerate() {
            let input = out.take::<Pair>(number);
            step(stage, input, at, &mut out);
        }
        for (number, stage) in circle.iter_mut().enumerate() {
            let input = out.take::<Circle>(number);
            step(stage, input, at, &mut out);
        }
    }
    let bits =
        |key: AccountKey| circle.iter().filter_map(|stage| stage.bits(key)).find(|(exposures, _)| *exposures > 0);
    accounts
        .into_iter()
        .map(|(account, key)| (account, bits(key).or_else(|| circle.iter().find_map(|stage| stage.bits(key)))))
        .filter_map(|(account, found)| Some((account, found?)))
        .collect()
}

fn compare(vector: &str, partitions: u16) {
    let found = run(&format!("{vector}.traces.csv.zst"), partitions);
    let expected = expected(&format!("{vector}.bits.csv"));
    assert_eq!(found.len(), expected.len(), "accounts with a circle");
    for (account, (exposures, bits)) in &expected {
        let (found_exposures, found_bits) = found[account];
        assert_eq!(found_exposures, *exposures, "{account}");
        assert!((found_bits - bits).abs() < 5e-7, "{account}: {found_bits} is not {bits}");
    }
}

#[test]
fn debate_is_met_to_six_decimals() {
    compare("debate", 1);
}

#[test]
fn the_stream_of_april_2015_is_met_to_six_decimals() {
    compare("stream_2015_04", 1);
}

#[test]
fn partitions_change_nothing() {
    compare("stream_2015_04", 4);
}
