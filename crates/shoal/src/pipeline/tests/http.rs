use std::fmt::Write as _;

use shoal_serve::Role;

use super::{load, shipped};
use crate::pipeline::{Overrides, Pipeline};

const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// Mistakes in the file, each with the message it gets.
#[test]
fn mistakes_are_explained() {
    let token = |more: &str| format!("[[serve.token]]\nname = \"ana\"\nrole = \"read\"\n{more}\n");
    let hash = format!("sha256 = \"{HASH}\"");
    let mistakes = [
        ("a host for an address", "[serve]\nlisten = \"localhost:9464\"\n".to_owned()),
        ("the key of before", "[serve]\nmetrics = \"127.0.0.1:9464\"\n".to_owned()),
        ("an index for everybody", "[serve]\nlisten = \"0.0.0.0:9464\"\n[index]\n".to_owned()),
        ("a token instead of its hash", token("sha256 = \"shoal_abc\"")),
        ("letters that are no digits", token(&format!("sha256 = \"{}\"", "g".repeat(64)))),
        ("a token without a hash", token("")),
        ("a token twice", token(&hash) + &token(&hash)),
        ("a nameless token", format!("[[serve.token]]\nname = \"\"\nrole = \"read\"\n{hash}\n")),
        ("an unknown role", format!("[[serve.token]]\nname = \"a\"\nrole = \"root\"\n{hash}\n")),
        ("no directory", "[index]\npath = \"\"\n".to_owned()),
        ("a short bucket", "[index]\nbucket = \"1m\"\n".to_owned()),
        ("kept for less than a bucket", "[index]\nbucket = \"7d\"\nkeep = \"1d\"\n".to_owned()),
        ("no threads", "[index]\nthreads = 0\n".to_owned()),
        ("little memory", "[index]\nthreads = 4\nmemory_bytes = 33554432\n".to_owned()),
        ("commits without pause", "[index]\ncommit = \"1us\"\n".to_owned()),
        ("an unknown key", "[index]\ndirectory = \"x\"\n".to_owned()),
        (
            "an index of a share",
            "[kafka]\nbootstrap = [\"a:1\"]\nstaged = true\n[[source]]\ntopic = \"posts\"\npartitions = 1\nformat = \
             \"native\"\n[output]\nalerts = { topic = \"alerts\" }\n[index]\n"
                .to_owned(),
        ),
    ];
    let mut report = String::new();
    for (mistake, text) in mistakes {
        let error = load(&text, &[]).expect_err(mistake);
        writeln!(report, "{mistake}\n{error}\n").unwrap();
    }
    insta::assert_snapshot!(report);
}

#[test]
fn tokens_open_an_index_to_others() {
    let text = format!(
        "[serve]\nlisten = \"0.0.0.0:9464\"\n[[serve.token]]\nname = \"ana\"\nrole = \"admin\"\nsha256 = \"{}\"\n[index]\n",
        HASH.to_uppercase()
    );
    let pipeline = load(&text, &[]).unwrap();
    let [token] = &pipeline.serve.tokens[..] else { panic!("{:?}", pipeline.serve.tokens) };
    assert_eq!((token.name.as_str(), token.role, token.sha256.to_string()), ("ana", Role::Admin, HASH.to_owned()));
    assert_eq!(pipeline.serve.warning(), None);
    let again = load(&pipeline.effective().unwrap(), &[]).unwrap();
    assert_eq!(again.effective().unwrap(), pipeline.effective().unwrap());
}

#[test]
fn what_is_written_reaches_the_index() {
    let text = "[index]\npath = \"x\"\nbucket = \"1d\"\nkeep = \"90d\"\ncommit = \"2s\"\nthreads = 2\n";
    let settings = load(text, &[]).unwrap().index.unwrap();
    assert_eq!((settings.commit.to_string(), settings.purge.to_string()), ("2s".to_owned(), "1h".to_owned()));
    assert_eq!((settings.bucket.to_string(), settings.keep.unwrap().to_string()), ("24h".to_owned(), "90d".to_owned()));
    assert_eq!((settings.threads, settings.memory_bytes), (2, 64 << 20));
    assert!(load("", &[]).unwrap().index.is_none());
}

#[test]
fn the_demo_can_be_looked_at() {
    let demo = Pipeline::load(&shipped("demo.toml"), &Overrides::default()).unwrap();
    assert!(demo.index.is_some() && demo.serve.listen.unwrap().ip().is_loopback());
}
