//! The arguments of the commands that work on an index.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use shoal_model::{Layer, Timestamp};
use shoal_serve::Role;

use super::formats::{ExportFormat, TableFlags};
use super::time::moment;

/// The place of an index.
#[derive(Debug, Args)]
pub(crate) struct IndexArgs {
    /// The index: the directory that `[index] path` names
    #[arg(long = "index", value_name = "DIR", default_value = "shoal-index")]
    pub(crate) directory: PathBuf,
}

/// The arguments of `shoal search`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  shoal search 'bridge -toll' --since 2026-03-01\n  shoal search '\"free harbour bridge\"' \
                        --top author --histogram\n  shoal search 'hashtag:vote lang:en' --csv --all > posts.csv\n\n\
                        Queries: words (all must occur), \"a phrase\", vot*, AND OR NOT -word ( ), and fields: author: \
                        handle: name: platform: client: lang: kind: hashtag: domain: link: media: to: layer: object: \
                        cluster: text: alert: id: since: until:"
)]
pub(crate) struct SearchArgs {
    /// The query; none finds every post
    #[arg(value_name = "QUERY", default_value = "")]
    pub(crate) query: String,

    #[command(flatten)]
    pub(crate) index: IndexArgs,

    /// Posts seen at this time or later: a date, or an RFC 3339 time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) since: Option<Timestamp>,

    /// Posts seen before this time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) until: Option<Timestamp>,

    /// Posts on this platform
    #[arg(long, value_name = "NAME")]
    pub(crate) platform: Option<String>,

    /// Posts in this language, such as `en`
    #[arg(long, value_name = "TAG")]
    pub(crate) lang: Option<String>,

    /// Posts by this account, `platform:native`
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) author: Option<String>,

    /// Posts with an object of this layer
    #[arg(long, value_name = "LAYER")]
    pub(crate) layer: Option<Layer>,

    /// Posts that act on this object
    #[arg(long, value_name = "KEY")]
    pub(crate) object: Option<String>,

    /// Posts whose text belongs to this text object
    #[arg(long, value_name = "KEY")]
    pub(crate) cluster: Option<String>,

    /// Posts that are evidence of this alert
    #[arg(long, value_name = "ALERT_ID")]
    pub(crate) alert: Option<String>,

    /// Posts whose texts are like that of this one, the most similar first
    #[arg(long, value_name = "POST_ID", conflicts_with_all = ["query", "cursor", "all", "histogram", "top", "sort"])]
    pub(crate) similar_to: Option<String>,

    /// The least similarity of texts with --similar-to, 0.3 to 1
    #[arg(long, value_name = "J", default_value_t = 0.5, requires = "similar_to")]
    pub(crate) similarity: f64,

    /// In which order
    #[arg(long, value_enum, value_name = "ORDER", default_value_t = Order::Newest)]
    pub(crate) sort: Order,

    /// The number of posts, 1 to 500
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub(crate) limit: u16,

    /// Go on after the page that gave this
    #[arg(long, value_name = "CURSOR")]
    pub(crate) cursor: Option<String>,

    /// All that fit, however many
    #[arg(long, conflicts_with_all = ["cursor", "limit", "histogram", "top"])]
    pub(crate) all: bool,

    /// Count posts over time
    #[arg(long)]
    pub(crate) histogram: bool,

    /// The most frequent values of fields: author, language, platform, kind, hashtag, domain
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', value_parser = field)]
    pub(crate) top: Vec<shoal_index::TopField>,

    /// Print JSON: the page as the API gives it; with --all or --similar-to, an object a line
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) table: TableFlags,
}

/// In which order posts come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Order {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
    /// The best fit first; one page.
    Relevance,
}

fn field(text: &str) -> Result<shoal_index::TopField, String> {
    use shoal_index::TopField::{Author, Domain, Hashtag, Kind, Language, Platform};
    Ok(match text {
        "author" => Author,
        "language" => Language,
        "platform" => Platform,
        "kind" => Kind,
        "hashtag" => Hashtag,
        "domain" => Domain,
        _ => return Err("write author, language, platform, kind, hashtag or domain".to_owned()),
    })
}

/// The arguments of `shoal export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The id of the alert
    #[arg(value_name = "ALERT_ID")]
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) index: IndexArgs,

    /// The format
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ExportFormat::Json)]
    pub(crate) format: ExportFormat,
}

/// The arguments of `shoal serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The pipeline whose index is shown, with its [index] and [serve]
    #[arg(value_name = "PIPELINE.toml", required_unless_present = "index", conflicts_with = "index")]
    pub(crate) pipeline: Option<PathBuf>,

    /// The index, without a pipeline
    #[arg(long, value_name = "DIR")]
    pub(crate) index: Option<PathBuf>,

    /// The address to listen on; default: as the pipeline says, else a free port of this machine
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
}

/// The arguments of `shoal erase`.
#[derive(Debug, Args)]
#[command(after_help = "While a run or `shoal serve` writes to the index, ask it instead: DELETE \
                        /api/v1/accounts/ACCOUNT or /api/v1/posts/POST, as an admin.\n\nWhat was written to alert \
                        files and topics is not reached: whoever consumes them upserts the next revision, or deletes \
                        what they keep.")]
pub(crate) struct EraseArgs {
    /// Erase this account with all its posts, `platform:native`
    #[arg(long, value_name = "ACCOUNT", required_unless_present = "post", conflicts_with = "post")]
    pub(crate) account: Option<String>,

    /// Erase this post, `platform:native`
    #[arg(long, value_name = "POST")]
    pub(crate) post: Option<String>,

    #[command(flatten)]
    pub(crate) index: IndexArgs,

    /// The reason, for the audit log
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,

    /// Leave freeing the disk to the next purge
    #[arg(long)]
    pub(crate) no_purge: bool,
}

/// The arguments of `shoal token`.
#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    /// Whose it is, for the audit log
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// The role: read, feedback (also say what alerts are worth) or admin (also erase)
    #[arg(long, value_name = "ROLE", default_value = "read", value_parser = role)]
    pub(crate) role: Role,
}

fn role(text: &str) -> Result<Role, String> {
    Ok(match text {
        "read" => Role::Read,
        "feedback" => Role::Feedback,
        "admin" => Role::Admin,
        _ => return Err("write read, feedback or admin".to_owned()),
    })
}
