//! `shoal erase`: a post or an account disappears from an index.

use std::fmt::Write as _;

use anyhow::Result;
use shoal_index::{Index, Settings, Subject};

use crate::cli::EraseArgs;
use crate::terminal::console;

/// The name of this command's user in the audit log.
const LOCAL: &str = "local";

/// Erases, and frees the disk unless told otherwise.
pub(crate) fn erase(args: &EraseArgs) -> Result<()> {
    let subject = match (&args.account, &args.post) {
        (Some(account), _) => Subject::Account(account.clone()),
        (None, post) => Subject::Post(post.clone().unwrap_or_default()),
    };
    // Whoever mistypes the directory should not get a new index.
    drop(Index::read(&args.index.directory)?);
    let (index, writer) = Index::open(&Settings::of(&args.index.directory))?;
    let erasure = index.erase(&subject, LOCAL, &args.reason)?;
    let mut told = format!(
        "{} posts erased, {} alerts cut; entry {} of the audit log\n",
        erasure.posts, erasure.alerts, erasure.entry
    );
    if !args.no_purge {
        // Writing to a String cannot fail.
        _ = writeln!(told, "{} documents freed from disk", index.purge()?);
    }
    writer.close()?;
    console::print(told.as_bytes())
}
