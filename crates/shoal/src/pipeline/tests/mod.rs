mod configuration;
mod http;
mod kafka;
mod keys;
mod schema;

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

const FILE: &str = "demo.toml";

pub(super) fn load(text: &str, set: &[&str]) -> Result<Pipeline, Error> {
    let set: Vec<_> = set.iter().map(ToString::to_string).collect();
    let overrides = Overrides { set: &set, ..Overrides::default() };
    Pipeline::from_tree(Path::new(FILE), Tree::parse(Path::new(FILE), text)?, &overrides)
}

pub(super) fn shipped(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../pipelines").join(name)
}

/// Mistakes in the file, each with the message it gets.
#[test]
fn mistakes_in_the_file_are_explained() {
    let mistakes = [
        ("not TOML", "name = \n"),
        ("a text without its end", "name = \"demo\n[detect]\n"),
        ("a key twice", "[detect]\nseed = 1\nseed = 2\n"),
        ("a number beyond all numbers", "[detect]\nseed = 99999999999999999999\n"),
        ("an unknown table", "[detct]\nseed = 1\n"),
        ("an unknown key", "[detect.judge]\nalpha = 0.01\nalhpa = 0.02\n"),
        ("a key of nothing alike", "[output]\nzzz = 1\n"),
        ("an unknown layer", "[detect.windows]\nrepots = [\"1h\"]\n"),
        ("an unknown method", "[detect.judge]\nmethod = \"circles\"\n"),
        ("an unknown format", "[[source]]\npath = \"x\"\nformat = \"csv\"\n"),
        ("a missing path", "[[source]]\nname = \"x\"\n"),
        ("a text for a number", "[detect.judge]\nalpha = \"small\"\n"),
        ("a number for a text", "name = 5\n"),
        ("a fraction for a count", "[detect.judge]\nobjects = 2.5\n"),
        ("a negative count", "[detect.text]\nmin_symbols = -1\n"),
        ("a table for a list", "[source]\npath = \"x\"\n"),
        ("a number without its unit", "[detect.text]\nwindow = 3600\n"),
        ("a wrong unit", "[checkpoint]\nevery = \"30 sec\"\n"),
        ("a wrong limit", "[detect]\nlive_traces = \"all\"\n"),
        ("a negative limit", "[detect]\nlive_traces = -1\n"),
        ("a level beyond 1", "[detect.judge]\n\nalpha = 1.5\n"),
        ("windows out of order", "[detect.windows]\ntext = [\"1h\", \"60s\"]\n"),
        ("a rule without its method", "[[detect.judge.rules]]\nlayer = \"text\"\nwindow = \"1h\"\npairs = 2\n"),
        (
            "a rule with another window",
            "[detect.judge]\nmethod = \"rules\"\nrules = [{ layer = \"text\", window = \"2h\", pairs = 2 }]\n",
        ),
        ("a mute of nothing", "[[detect.mute]]\nuntil = 2026-01-31T00:00:00Z\nreason = \"x\"\n"),
        ("a mute until no time", "[[detect.mute]]\nalert = \"a\"\nuntil = \"tomorrow\"\nreason = \"x\"\n"),
        ("no threads", "[run]\nthreads = 0\n"),
        ("no posts between checkpoints", "[checkpoint]\nevery_posts = 0\n"),
        ("checkpoints without pause", "[checkpoint]\nevery = \"1us\"\n"),
        ("no bytes in a record", "[input]\nrecord_bytes = 0\n"),
        ("an empty name", "name = \" \"\n"),
        ("an empty path", "[[source]]\npath = \"\"\n"),
        ("a name twice", "[[source]]\npath = \"a/x\"\n[[source]]\npath = \"b/x\"\n"),
        ("one file for all", "[output]\nalerts = \"x\"\ndead_letters = \"./x\"\n"),
        ("alerts to nowhere", "[output]\nalerts = \"-\"\n"),
        ("an escape in a key", "\"na\\u001bme\" = 1\n"),
    ];
    let mut report = String::new();
    for (mistake, text) in mistakes {
        let error = load(text, &[]).expect_err(mistake);
        writeln!(report, "{mistake}\n{error}\n").unwrap();
    }
    insta::assert_snapshot!(report);
}

/// Mistakes in `--set`, each with the message it gets.
#[test]
fn mistakes_in_settings_are_explained() {
    let mistakes = [
        "detect.judge.alpha",
        "=5",
        "detect..seed=1",
        "detect.judge.alpa=0.1",
        "detect.judge.alpha=high",
        "detect.judge.alpha=2",
        "detect.seed.x=1",
        "detect.judge=1",
        "run.threads=0",
        "output.alerts=",
        "source=[{ path = 1 }]",
    ];
    let mut report = String::new();
    for setting in mistakes {
        let error = load("[detect]\nseed = 1\n[run]\nthreads = 1\n", &[setting]).expect_err(setting);
        writeln!(report, "{error}\n").unwrap();
    }
    insta::assert_snapshot!(report);
}

#[test]
fn settings_are_laid_over_the_file() {
    let text = "[detect]\nseed = 7\n[detect.judge]\nalpha = 0.05\n";
    let settings = [
        "detect.judge.alpha=0.5",
        "detect.judge.alpha=0.001",
        "detect.text.window=2d",
        "detect.windows.domain=[]",
        "run.threads=3",
        "name=other",
    ];
    let pipeline = load(text, &settings).unwrap();
    assert_eq!(pipeline.detect.seed, 7);
    assert!((pipeline.detect.judge.alpha - 0.001).abs() < 1e-12);
    assert_eq!(pipeline.detect.text.window.to_string(), "2d");
    assert_eq!(pipeline.detect.widest(shoal_model::Layer::Domain), None);
    assert_eq!((pipeline.threads, pipeline.name.as_str()), (3, "other"));
}

#[test]
fn an_empty_pipeline_has_the_defaults() {
    let pipeline = load("", &["run.threads=2"]).unwrap();
    assert_eq!(pipeline.name, "demo");
    assert_eq!(pipeline.detect, shoal_detect::Config::default());
    assert!(matches!(pipeline.require_sources(), Err(Error::NoSource { .. })));
    insta::assert_snapshot!(pipeline.effective().unwrap());
}

#[test]
fn every_kind_of_table_survives_being_printed() {
    let text = r#"
name = "all"
[[source]]
path = "/x/a.ndjson"
format = "native"
[[source]]
path = "-"
[output]
shadow = "shadow.ndjson"
[detect]
live_traces = "unlimited"
mute = [{ alert = "a", until = 2026-01-31T00:00:00Z, reason = "looked into" }]
allow.accounts = ["x:1"]
[detect.judge]
method = "rules"
rules = [{ layer = "text", window = "1h", pairs = 2 }]
"#;
    let printed = load(text, &[]).unwrap().effective().unwrap();
    assert_eq!(load(&printed, &[]).unwrap().effective().unwrap(), printed);
    insta::assert_snapshot!(printed.lines().filter(|line| !line.starts_with("threads")).collect::<Vec<_>>().join("\n"));
}

#[test]
fn only_what_changes_alerts_changes_the_fingerprint() {
    let fingerprint = |settings: &[&str]| load("", settings).unwrap().fingerprint().unwrap();
    let plain = fingerprint(&[]);
    for same in ["name=x", "output.alerts=x", "run.threads=1", "checkpoint.every=1s", "source=[{path='x'}]"] {
        assert_eq!(fingerprint(&[same]), plain, "{same}");
    }
    for other in ["detect.seed=1", "detect.judge.alpha=0.02", "input.text_chars=10", "detect.partitions.pair=4"] {
        assert_ne!(fingerprint(&[other]), plain, "{other}");
    }
    // A saved state is found again by it: it may change only with ALGORITHM, or with what can be configured.
    insta::assert_snapshot!(plain);
}

#[test]
fn balanced_is_the_defaults_written_out() {
    let pipeline = Pipeline::load(&shipped("balanced.toml"), &Overrides::default()).unwrap();
    assert_eq!(pipeline.detect, shoal_detect::Config::default());
    assert_eq!(pipeline.limits, Limits::default());
    assert_eq!(pipeline.checkpoint, CheckpointSettings::default());
    let text = std::fs::read_to_string(shipped("balanced.toml")).unwrap();
    let written: Table = toml::from_str(&text).unwrap();
    let effective: Table = toml::from_str(&pipeline.effective().unwrap()).unwrap();
    assert_all_written(&effective, &written, "");
}

fn assert_all_written(effective: &Table, written: &Table, place: &str) {
    for (key, value) in effective {
        let key_path = format!("{place}{key}");
        // The only default that is not the same everywhere.
        if key_path == "run.threads" {
            continue;
        }
        let there = written.get(key).unwrap_or_else(|| panic!("{key_path} is not written out"));
        if let (Value::Table(effective), Value::Table(written)) = (value, there) {
            assert_all_written(effective, written, &format!("{key_path}."));
        }
    }
}

#[test]
fn paths_are_looked_at() {
    let directory = tempfile::tempdir().unwrap();
    let inside = |name: &str| directory.path().join(name);
    std::fs::write(inside("posts.ndjson"), "").unwrap();
    std::fs::create_dir(inside("sub")).unwrap();
    std::fs::hard_link(inside("posts.ndjson"), inside("same.ndjson")).unwrap();
    std::os::unix::fs::symlink(inside("posts.ndjson"), inside("link.ndjson")).unwrap();
    let check = |text: &str| {
        std::fs::write(inside("p.toml"), text).unwrap();
        let overrides = Overrides { output: Some(&inside("alerts.ndjson")), ..Overrides::default() };
        let overrides = if text.contains("output") { Overrides::default() } else { overrides };
        let error = Pipeline::load(&inside("p.toml"), &overrides).unwrap().check_paths().err();
        error.map_or_else(|| "fine".to_owned(), |error| error.to_string())
    };
    let root = directory.path().display().to_string();
    let source = |name: &str| format!("[[source]]\npath = \"{name}\"\n");
    let output = |key: &str, name: &str| {
        let alerts = if key == "alerts" { String::new() } else { format!("alerts = \"{root}/alerts.ndjson\"\n") };
        format!("[output]\n{alerts}{key} = \"{root}/{name}\"\n")
    };
    let answers = [
        check(&source("posts.ndjson")),
        check(&source("-")),
        check(&source("none.ndjson")),
        check(&source("sub")),
        check(&(source("posts.ndjson") + &source("link.ndjson"))),
        check(&(source("-") + "name = \"a\"\n" + &source("-") + "name = \"b\"\n")),
        check(&output("alerts", "sub")),
        check(&output("alerts", "none/alerts.ndjson")),
        check(&output("alerts", "p.toml")),
        check(&(source("posts.ndjson") + &output("shadow", "link.ndjson"))),
        check(&output("dead_letters", "none/x")),
    ];
    insta::assert_snapshot!(answers.join("\n").replace(&root, "DIR"));
}

#[test]
fn files_that_are_no_pipelines_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("p.toml");
    let refused = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        Pipeline::load(&file, &Overrides::default()).unwrap_err().to_string()
    };
    assert!(refused(b"name = \"\xff\"").contains("not UTF-8 after byte 8"));
    assert!(refused(&vec![b' '; (1 << 20) + 1]).contains("longer than 1048576 bytes"));
    let error = Pipeline::load(directory.path(), &Overrides::default()).unwrap_err();
    assert!(matches!(error, Error::Read { .. }), "{error}");
}

#[test]
fn inputs_with_one_name_are_told_apart() {
    let inputs = ["a/x.ndjson", "b/x.ndjson", "y.ndjson", "-"].map(PathBuf::from);
    let overrides = Overrides { inputs: &inputs, ..Overrides::default() };
    let tree = Tree::parse(Path::new(FILE), "[[source]]\npath = \"z\"\n").unwrap();
    let pipeline = Pipeline::from_tree(Path::new(FILE), tree, &overrides).unwrap();
    let names: Vec<_> = pipeline.sources.iter().map(|source| source.name.as_str()).collect();
    assert_eq!(names, ["a/x.ndjson", "b/x.ndjson", "y.ndjson", "stdin"]);
    assert_eq!(pipeline.sources[3].input, SourceInput::Stdin);
}

#[test]
fn dead_letters_lie_beside_the_alerts() {
    for (alerts, dead_letters) in [
        ("alerts.ndjson", "alerts.dead-letters.ndjson"),
        ("out/demo.alerts.ndjson", "out/demo.alerts.dead-letters.ndjson"),
        ("plain", "plain.dead-letters.ndjson"),
    ] {
        let overrides = Overrides { output: Some(Path::new(alerts)), ..Overrides::default() };
        let tree = Tree::parse(Path::new(FILE), "").unwrap();
        let pipeline = Pipeline::from_tree(Path::new(FILE), tree, &overrides).unwrap();
        assert_eq!(pipeline.output.dead_letters.to_string(), dead_letters);
    }
}

proptest! {
    #[test]
    fn what_is_printed_means_the_same(
        seed in 0..=i64::MAX as u64, alpha in 0.0001..0.9999_f64, similarity in 0.5..1.0_f32,
        posts in 1..u64::from(u32::MAX), name in "[^\\p{C}]{1,20}",
    ) {
        prop_assume!(!name.trim().is_empty());
        let mut pipeline = load("", &[]).unwrap();
        (pipeline.detect.seed, pipeline.detect.judge.alpha) = (seed, alpha);
        (pipeline.detect.text.similarity, pipeline.checkpoint.every_posts, pipeline.name) = (similarity, posts, name);
        let printed = pipeline.effective().unwrap();
        let again = load(&printed, &[]).unwrap();
        prop_assert_eq!(&again.detect, &pipeline.detect);
        prop_assert_eq!(again.effective().unwrap(), printed);
    }
}
