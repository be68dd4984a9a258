//! The arguments of `shoal backtest`, and what they ask for once they fit together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use shoal_model::Timestamp;

use super::time::moment;
use super::{Misuse, SetArgs};

/// The arguments as they are written.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  shoal backtest --config pipelines/balanced.toml --labels labels.tsv \\\n    \
                        --coordinated operation.ndjson --ordinary debate.ndjson --together \\\n    \
                        --from 2015-01-01 --to 2015-05-01 --out report\n\n\
                        Sources are named after their files, without extensions. Labels are a TSV with a header that \
                        has the columns author and label.")]
pub(crate) struct BacktestArgs {
    /// The pipeline whose detection is measured; its sources and outputs are not used
    #[arg(long, value_name = "C")]
    config: PathBuf,

    #[command(flatten)]
    set: SetArgs,

    /// The labels of the accounts in the coordinated files: a TSV with the columns author and label
    #[arg(long, value_name = "L")]
    labels: PathBuf,

    /// Posts of accounts that are known to be coordinated
    #[arg(long, value_name = "F", num_args = 1.., required = true)]
    coordinated: Vec<PathBuf>,

    /// Posts of ordinary accounts
    #[arg(long, value_name = "F", num_args = 1..)]
    ordinary: Vec<PathBuf>,

    /// Posts of accounts that are openly coordinated, such as a parliament's; reported apart
    #[arg(long, value_name = "F", num_args = 1..)]
    benign: Vec<PathBuf>,

    /// Posts of accounts of which some are labelled, each file with its labels
    #[arg(long, value_name = "F=LABELS", num_args = 1.., value_parser = mixed)]
    mixed: Vec<Mixed>,

    /// Run all files as one stream, merged by time; otherwise each file runs alone
    #[arg(long)]
    together: bool,

    /// Leave out posts before this date or RFC 3339 time (UTC)
    #[arg(long, value_name = "T", value_parser = moment)]
    from: Option<Timestamp>,

    /// Leave out posts at and after this date or RFC 3339 time (UTC)
    #[arg(long, value_name = "T", value_parser = moment)]
    to: Option<Timestamp>,

    /// Cut times to whole minutes, for sets that are compared with others that have only minutes
    #[arg(long)]
    minutes: bool,

    /// Cut `RT @name:` off the beginning of texts, for sets that are compared with others without it
    #[arg(long)]
    strip_rt: bool,

    /// Write the reports into this directory; it is made where there is none
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// A file of posts and the labels of its accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mixed {
    /// The posts.
    pub(crate) file: PathBuf,
    /// The labels.
    pub(crate) labels: PathBuf,
}

/// A backtest that can run, as far as its arguments go.
#[derive(Debug)]
pub(crate) struct BacktestRequest {
    /// The pipeline whose detection is measured.
    pub(crate) config: PathBuf,
    /// Keys set over it.
    pub(crate) set: Vec<String>,
    /// The labels of the coordinated accounts.
    pub(crate) labels: PathBuf,
    /// The files to read, in the order coordinated, ordinary, benign, mixed. No two names are equal.
    pub(crate) sources: Vec<BacktestSource>,
    /// `true` reads all files as one stream, `false` each alone.
    pub(crate) together: bool,
    /// Posts before this are left out.
    pub(crate) from: Option<Timestamp>,
    /// Posts at this and after are left out.
    pub(crate) to: Option<Timestamp>,
    /// Times are cut to whole minutes.
    pub(crate) minutes: bool,
    /// `RT @name:` is cut off.
    pub(crate) strip_rt: bool,
    /// The directory of the reports.
    pub(crate) out: PathBuf,
}

/// A file of a backtest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BacktestSource {
    /// The file's name without extensions.
    pub(crate) name: String,
    /// The file.
    pub(crate) file: PathBuf,
    /// The role of its accounts.
    pub(crate) role: LabelledAs,
}

/// The role of the accounts of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LabelledAs {
    /// Known to be coordinated.
    Coordinated,
    /// Ordinary.
    Ordinary,
    /// Openly coordinated.
    Benign,
    /// Labelled one by one, in this file.
    Mixed(PathBuf),
}

impl BacktestArgs {
    /// Refuses arguments that do not fit together and files that are not there.
    pub(crate) fn validate(self) -> Result<BacktestRequest, Misuse> {
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from >= to
        {
            let problem = format!("--to {to} is not after --from {from}");
            return Err(Misuse::new(problem, "--from is the first moment that is read, --to the first that is not"));
        }
        if self.out.is_file() {
            return Err(Misuse::new(format!("--out {} is a file", self.out.display()), "name a directory"));
        }
        require_file("--labels", &self.labels)?;
        let alone = |role: LabelledAs| move |file: PathBuf| source(file, role.clone());
        let mut sources: Vec<_> = self.coordinated.into_iter().map(alone(LabelledAs::Coordinated)).collect();
        sources.extend(self.ordinary.into_iter().map(alone(LabelledAs::Ordinary)));
        sources.extend(self.benign.into_iter().map(alone(LabelledAs::Benign)));
        sources.extend(self.mixed.into_iter().map(|mixed| source(mixed.file, LabelledAs::Mixed(mixed.labels))));
        require_sources(&sources)?;
        Ok(BacktestRequest {
            config: self.config,
            set: self.set.set,
            labels: self.labels,
            sources,
            together: self.together,
            from: self.from,
            to: self.to,
            minutes: self.minutes,
            strip_rt: self.strip_rt,
            out: self.out,
        })
    }
}

impl LabelledAs {
    const fn option(&self) -> &'static str {
        match self {
            Self::Coordinated => "--coordinated",
            Self::Ordinary => "--ordinary",
            Self::Benign => "--benign",
            Self::Mixed(_) => "--mixed",
        }
    }
}

fn source(file: PathBuf, role: LabelledAs) -> BacktestSource {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    // A name such as `.posts.ndjson` begins with its dot.
    let extensions = name.char_indices().skip(1).find(|(_, symbol)| *symbol == '.').map_or(name.len(), |(at, _)| at);
    let name = name.split_at_checked(extensions).map_or("", |(name, _)| name).to_owned();
    BacktestSource { name, file, role }
}

fn require_sources(sources: &[BacktestSource]) -> Result<(), Misuse> {
    let mut names = BTreeMap::new();
    for source in sources {
        require_file(source.role.option(), &source.file)?;
        if let LabelledAs::Mixed(labels) = &source.role {
            require_file("the labels of --mixed", labels)?;
        }
        if let Some(other) = names.insert(&source.name, &source.file) {
            let (name, file) = (&source.name, source.file.display());
            let problem = format!("{} and {file} would both be named `{name}` in the reports", other.display());
            return Err(Misuse::new(problem, "rename one of them; extensions do not count"));
        }
    }
    Ok(())
}

fn require_file(option: &str, file: &Path) -> Result<(), Misuse> {
    let shown = file.display();
    if file.is_dir() {
        return Err(Misuse::new(format!("{option} {shown} is a directory"), "name the files in it"));
    }
    if !file.exists() {
        return Err(Misuse::new(format!("{option} {shown}: there is no such file"), "check the path"));
    }
    Ok(())
}

/// The last `=` divides: file names with one are seldom, and then rather those of the posts.
fn mixed(text: &str) -> Result<Mixed, String> {
    match text.rsplit_once('=') {
        Some((file, labels)) if !file.is_empty() && !labels.is_empty() => {
            Ok(Mixed { file: file.into(), labels: labels.into() })
        }
        _ => Err("write the file of posts, `=` and the file of labels, such as posts.ndjson=labels.tsv".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        backtest: BacktestArgs,
    }

    fn parse(directory: &Path, more: &[&str]) -> anyhow::Result<BacktestRequest> {
        for file in ["labels.tsv", "ira.jsonl.zst", "debate.ndjson", "other.ndjson", "debate.tsv"] {
            std::fs::write(directory.join(file), "")?;
        }
        let inside = |argument: &&str| argument.replace('@', directory.to_str().unwrap());
        let arguments = ["x", "--config", "c.toml", "--labels", "@/labels.tsv", "--out", "@/out", "--coordinated"];
        let arguments = arguments.iter().chain(["@/ira.jsonl.zst"].iter()).chain(more).map(inside);
        Ok(Only::try_parse_from(arguments)?.backtest.validate()?)
    }

    #[test]
    fn arguments_become_a_request() {
        let directory = tempfile::tempdir().unwrap();
        let request = parse(
            directory.path(),
            &["--ordinary", "@/debate.ndjson", "--mixed", "@/other.ndjson=@/labels.tsv", "--from", "2015-01-01"],
        )
        .unwrap();
        let roles: Vec<_> = request.sources.iter().map(|source| (source.name.as_str(), &source.role)).collect();
        let mixed = LabelledAs::Mixed(directory.path().join("labels.tsv"));
        assert_eq!(roles, [("ira", &LabelledAs::Coordinated), ("debate", &LabelledAs::Ordinary), ("other", &mixed)]);
        assert_eq!(request.from.unwrap().to_string(), "2015-01-01T00:00:00Z");
        assert!(request.to.is_none() && !request.together && !request.minutes && !request.strip_rt);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        for (more, problem) in [
            (&["--from", "2015-01-02", "--to", "2015-01-02"][..], "is not after --from"),
            (&["--from", "yesterday"], "write a date such as"),
            (&["--mixed", "@/other.ndjson"], "the file of labels"),
            (&["--mixed", "@/other.ndjson=@/none.tsv"], "there is no such file"),
            (&["--ordinary", "@/debate.ndjson", "--benign", "@/debate.tsv"], "would both be named `debate`"),
            (&["--benign", "@"], "is a directory"),
            (&["--out", "@/labels.tsv"], "cannot be used multiple times"),
        ] {
            let error = parse(directory.path(), more).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
}
