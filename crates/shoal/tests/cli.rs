//! The program as people meet it: help, exit codes, what goes where.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail with them")]

use std::path::Path;

use assert_cmd::Command;

/// The results of a call of the program.
fn call(directory: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shoal"));
    let output = command.current_dir(directory).env_remove("RUST_LOG").args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn shown(directory: &Path, arguments: &[&str]) -> String {
    let (code, stdout, stderr) = call(directory, arguments);
    format!("$ shoal {}\n{stdout}{stderr}[exit {}]\n", arguments.join(" "), code.unwrap())
}

fn data(name: &str) -> String {
    format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn help_is_there_for_everything() {
    let here = Path::new(".");
    for (name, arguments) in [
        ("help", &["--help"][..]),
        ("help_run", &["run", "--help"]),
        ("help_check", &["check", "--help"]),
        ("help_topics", &["topics", "--help"]),
        ("help_topics_create", &["topics", "create", "--help"]),
        ("help_topics_check", &["topics", "check", "--help"]),
        ("help_backtest", &["backtest", "--help"]),
        ("help_explain", &["explain", "--help"]),
        ("help_search", &["search", "--help"]),
        ("help_export", &["export", "--help"]),
        ("help_serve", &["serve", "--help"]),
        ("help_erase", &["erase", "--help"]),
        ("help_token", &["token", "--help"]),
        ("help_dead_letters", &["dead-letters", "--help"]),
        ("help_dead_letters_list", &["dead-letters", "list", "--help"]),
        ("help_dead_letters_show", &["dead-letters", "show", "--help"]),
    ] {
        insta::assert_snapshot!(name, shown(here, arguments));
    }
    let (code, version, _) = call(here, &["--version"]);
    assert_eq!((code, version), (Some(0), format!("shoal {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn a_wrong_command_line_exits_with_2() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("p.toml"), "[detect]\nsed = 1\n").unwrap();
    std::fs::write(directory.path().join("good.toml"), "").unwrap();
    std::fs::write(directory.path().join("l.tsv"), "author\tlabel\n").unwrap();
    let backtest = ["backtest", "--config", "good.toml", "--labels", "l.tsv", "--out", "o", "--coordinated"];
    let backtest = |more: &[&'static str]| shown(directory.path(), &[&backtest[..], more].concat());
    let answers = [
        shown(directory.path(), &[]),
        shown(directory.path(), &["rn"]),
        shown(directory.path(), &["check"]),
        shown(directory.path(), &["check", "none.toml"]),
        shown(directory.path(), &["check", "p.toml"]),
        shown(directory.path(), &["run", "good.toml"]),
        shown(directory.path(), &["run", "good.toml", "--input", "none.ndjson"]),
        shown(directory.path(), &["run", "good.toml", "--input", "l.tsv", "--output", "l.tsv"]),
        shown(directory.path(), &["run", "good.toml", "--input", "l.tsv", "./l.tsv"]),
        shown(directory.path(), &["dead-letters", "show", "x", "0"]),
        backtest(&["none.ndjson"]),
        backtest(&["l.tsv", "--from", "2015-02-30"]),
        backtest(&["l.tsv", "--from", "2015-02-03", "--to", "2015-02-02"]),
    ];
    assert!(answers.iter().all(|answer| answer.ends_with("[exit 2]\n")));
    insta::assert_snapshot!(answers.join("\n"));
}

/// A pipeline whose cluster nobody needs to find out what is wrong.
const KAFKA: &str = r#"
[[source]]
topic = "posts"
partitions = 4
format = "native"
[output]
alerts = { topic = "alerts" }
[kafka]
bootstrap = ["127.0.0.1:1"]
[kafka.sasl]
mechanism = "plain"
username = "shoal"
password = { env = "SHOAL_TEST_PASSWORD" }
"#;

#[test]
fn what_does_not_fit_a_cluster_exits_with_2() {
    let directory = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    put("none.toml", "");
    put("idle.toml", "[kafka]\nbootstrap = [\"127.0.0.1:1\"]\n");
    put("fused.toml", KAFKA);
    put("staged.toml", &KAFKA.replace("[kafka]", "[kafka]\nstaged = true"));
    put("posts.ndjson", "");
    let answers = [
        shown(directory.path(), &["topics"]),
        shown(directory.path(), &["topics", "create", "none.toml"]),
        shown(directory.path(), &["topics", "check", "idle.toml"]),
        shown(directory.path(), &["check", "none.toml", "--online"]),
        shown(directory.path(), &["run", "fused.toml", "--stages", "pair"]),
        shown(directory.path(), &["run", "staged.toml", "--stages", "pair,grouping"]),
        shown(directory.path(), &["run", "staged.toml", "--input", "posts.ndjson"]),
        shown(directory.path(), &["run", "none.toml", "--input", "posts.ndjson", "--instance", "a"]),
        shown(directory.path(), &["check", "fused.toml", "--set", "kafka.sasl.password=hunter2"]),
    ];
    assert!(answers.iter().all(|answer| answer.ends_with("[exit 2]\n")), "{answers:?}");
    insta::assert_snapshot!(answers.join("\n").replace("password=hunter2\nerror", "password=(typed)\nerror"));
}

#[test]
fn check_shows_no_secret() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("p.toml"), KAFKA).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_shoal"));
    command.current_dir(directory.path()).env("SHOAL_TEST_PASSWORD", "hunter2").env("RUST_LOG", "trace");
    let output = command.args(["check", "p.toml"]).output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success() && said.contains("env = \"SHOAL_TEST_PASSWORD\""), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn an_open_address_is_told() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("p.toml"), "[serve]\nlisten = \"0.0.0.0:9464\"\n").unwrap();
    let (code, _, errors) = call(directory.path(), &["check", "p.toml"]);
    assert_eq!(code, Some(0));
    assert!(errors.starts_with("warning: serve.listen: whoever can reach 0.0.0.0:9464"), "{errors}");
}

#[test]
fn check_prints_what_it_can_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let pipelines = format!("{}/../../pipelines", env!("CARGO_MANIFEST_DIR"));
    std::fs::write(directory.path().join("demo.ndjson"), "").unwrap();
    for name in ["file.toml", "balanced.toml", "demo.toml", "kafka.toml", "kafka-staged.toml"] {
        std::fs::copy(format!("{pipelines}/{name}"), directory.path().join(name)).unwrap();
        let (code, printed, errors) = call(directory.path(), &["check", name, "--set", "run.threads=2"]);
        assert_eq!((code, errors.as_str()), (Some(0), ""), "{name}");
        std::fs::create_dir_all(directory.path().join("elsewhere")).unwrap();
        std::fs::write(directory.path().join("elsewhere/again.toml"), &printed).unwrap();
        assert_eq!(call(directory.path(), &["check", "elsewhere/again.toml"]).1, printed, "{name}");
    }
}

#[test]
fn the_schema_of_pipelines_takes_what_check_prints() {
    let directory = tempfile::tempdir().unwrap();
    let (code, schema, errors) = call(directory.path(), &["check", "--schema"]);
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    std::fs::write(directory.path().join("p.toml"), KAFKA).unwrap();
    let (_, printed, _) = call(directory.path(), &["check", "p.toml"]);
    let printed: toml::Table = toml::from_str(&printed).unwrap();
    let printed = serde_json::to_value(printed).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&printed), "{printed}");
}

#[test]
fn explain_prints_one_alert() {
    let here = Path::new(".");
    let (code, page, errors) = call(here, &["explain", "7f3a2", "--alerts", &data("alerts.ndjson")]);
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert!(page.starts_with("Alert 7f3a2b10000000000000000000000000, revision 2, updated\n"));
    assert!(!page.contains(['\u{1b}', '\u{202e}', '\u{200b}']));
    let (code, page, errors) = call(here, &["explain", "nope", "--alerts", &data("alerts.ndjson")]);
    assert_eq!((code, page.as_str()), (Some(1), ""));
    assert!(errors.starts_with("error: there is no alert `nope`"), "{errors}");
    let (code, _, errors) = call(here, &["explain", "x", "--alerts", "none.ndjson"]);
    assert_eq!(code, Some(1));
    insta::assert_snapshot!(errors);
}

const LETTERS: &str = r#"{"source":"posts.ndjson","offset":0,"record":0,"reason":"truncated","detail":"ends at column 7","raw":"{\"id\":\u001b[2J\u202e"}
{"source":"posts.ndjson","offset":812,"record":4,"reason":"invalid_utf8","detail":"byte 1","raw_base64":"eyL/In0="}
"#;

#[test]
fn dead_letters_are_listed_and_shown() {
    let directory = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    put("letters.ndjson", LETTERS);
    put("empty.ndjson", "");
    put("broken.ndjson", &format!("nonsense\n{LETTERS}"));
    let answers = [
        shown(directory.path(), &["dead-letters", "list", "letters.ndjson"]),
        shown(directory.path(), &["dead-letters", "show", "letters.ndjson", "1"]),
        shown(directory.path(), &["dead-letters", "show", "letters.ndjson", "2"]),
        shown(directory.path(), &["dead-letters", "show", "letters.ndjson", "3"]),
        shown(directory.path(), &["dead-letters", "show", "empty.ndjson", "1"]),
        shown(directory.path(), &["dead-letters", "list", "broken.ndjson"]),
        shown(directory.path(), &["dead-letters", "list", "none.ndjson"]),
    ];
    insta::assert_snapshot!(answers.join("\n"));
    let (_, json, _) = call(directory.path(), &["dead-letters", "list", "letters.ndjson", "--json"]);
    for (number, (line, written)) in (1..).zip(json.lines().zip(LETTERS.lines())) {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line.as_object_mut().unwrap().remove("number"), Some(number.into()));
        assert_eq!(line, serde_json::from_str::<serde_json::Value>(written).unwrap());
    }
    let mut raw = Command::new(env!("CARGO_BIN_EXE_shoal"));
    let raw = raw.current_dir(directory.path()).args(["dead-letters", "show", "letters.ndjson", "2", "--raw"]);
    assert_eq!(raw.output().unwrap().stdout, b"{\"\xff\"}");
}
