//! Formats of files as the command line offers them: every format that there is, under its name.

use std::sync::LazyLock;

use clap::builder::PossibleValue;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueEnum};
use shoal_share::{FileFormat, NetworkFormat, TableFormat};

/// Formats of `shoal export`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExportFormat {
    /// The newest revision, whole.
    Json,
    /// All revisions, as NDJSON.
    Revisions,
    /// The posts of its evidence.
    Evidence(TableFormat),
    /// The network of its ties.
    Network(NetworkFormat),
}

impl ValueEnum for ExportFormat {
    fn value_variants<'a>() -> &'a [Self] {
        static ALL: LazyLock<Vec<ExportFormat>> = LazyLock::new(|| {
            let tables = columnar().map(ExportFormat::Evidence);
            let networks = NetworkFormat::ALL.iter().map(|format| ExportFormat::Network(*format));
            [ExportFormat::Json, ExportFormat::Revisions].into_iter().chain(tables).chain(networks).collect()
        });
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Json => ("json", "The newest revision, whole".to_owned()),
            Self::Revisions => {
                let facts = TableFormat::Ndjson.facts();
                (facts.name, format!("All revisions, {}", facts.purpose))
            }
            Self::Evidence(format) => {
                let facts = format.facts();
                (facts.name, format!("The posts of its evidence, as {}", facts.purpose))
            }
            Self::Network(format) => {
                let facts = format.facts();
                (facts.name, format!("The network of its ties, {}", facts.purpose))
            }
        };
        Some(PossibleValue::new(name).help(help))
    }
}

/// A flag for each format of tables, of which one can be given.
#[derive(Debug)]
pub(crate) struct TableFlags(pub(crate) Option<TableFormat>);

/// Formats of tables but NDJSON: `--json` stands for it in `shoal search`, and its lines are revisions in
/// `shoal export`.
fn columnar() -> impl Iterator<Item = TableFormat> {
    TableFormat::ALL.iter().copied().filter(|format| *format != TableFormat::Ndjson)
}

impl Args for TableFlags {
    fn augment_args(command: Command) -> Command {
        columnar().fold(command, |command, format| {
            let facts = format.facts();
            let others = columnar().filter(move |other| *other != format).map(|other| other.facts().name);
            let flag = Arg::new(facts.name).long(facts.name).action(ArgAction::SetTrue);
            command.arg(
                flag.help(format!("{}, for other programs", capitalised(facts.purpose)))
                    .conflicts_with_all(["json", "histogram", "top"])
                    .conflicts_with_all(others),
            )
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for TableFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self(columnar().find(|format| matches.get_flag(format.facts().name))))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn capitalised(text: &str) -> String {
    let mut symbols = text.chars();
    symbols.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(symbols).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::search::{ExportArgs, SearchArgs};

    #[derive(Parser)]
    struct Export {
        #[command(flatten)]
        arguments: ExportArgs,
    }

    #[derive(Parser)]
    struct Search {
        #[command(flatten)]
        arguments: SearchArgs,
    }

    fn names<F: FileFormat>() -> impl Iterator<Item = &'static str> {
        F::ALL.iter().map(|format| format.facts().name)
    }

    #[test]
    fn export_offers_every_format() {
        for name in names::<TableFormat>().chain(names::<NetworkFormat>()) {
            let parsed = Export::try_parse_from(["export", "an-alert", "--format", name]).unwrap();
            assert_eq!(parsed.arguments.format.to_possible_value().unwrap().get_name(), name);
        }
    }

    #[test]
    fn search_has_a_flag_for_every_format_of_tables() {
        for format in columnar() {
            let flag = format!("--{}", format.facts().name);
            let parsed = Search::try_parse_from(["search", "bridge", &flag]).unwrap();
            assert_eq!(parsed.arguments.table.0, Some(format));
            assert!(Search::try_parse_from(["search", &flag, "--json"]).is_err());
        }
        assert_eq!(Search::try_parse_from(["search", "bridge"]).unwrap().arguments.table.0, None);
    }
}
