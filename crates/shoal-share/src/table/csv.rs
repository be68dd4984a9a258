//! Tables as CSV (RFC 4180).

use std::borrow::Cow;
use std::fmt::Display;
use std::io::Write;
use std::marker::PhantomData;

use ::csv::{Terminator, WriterBuilder};
use shoal_model::Post;

use super::rows::{AlertRow, EvidenceRow, PostRow};
use crate::Error;
use crate::network::state_name;

/// The table of posts.
#[derive(Debug)]
pub struct Posts(());

/// The table of alerts.
#[derive(Debug)]
pub struct Alerts(());

/// The table of an alert's evidence.
#[derive(Debug)]
pub struct EvidenceTable(());

/// Writes one table: UTF-8 without a mark, commas, lines that end in CR LF, the columns' names first.
///
/// Times are RFC 3339 in UTC, `true` and `false` are written so, an absent value is empty, numbers have a point. What
/// strangers wrote is guarded: a field that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`,
/// their full-width twins, a tab or an end of line, whatever number of apostrophes stand before) gets an apostrophe in
/// front; to undo it, take one away where such a field begins with one. A NUL, which many readers do not take, becomes
/// `␀`.
///
/// **Posts**, the first five as 4CAT calls them: `id`, `thread_id` (the post that is answered, else the post itself),
/// `author`, `timestamp` (when it was seen), `body`, `author_name`, `created_at` (as claimed), `platform`, `lang`,
/// `kind`, `repost_of`, `repost_from`, `reply_to`, `quote_of`, `links` (separated by spaces), `url`, `cluster`,
/// `text_key`, `similarity`, `score`.
///
/// **Alerts**: `alert_id`, `revision`, `state`, `shadow`, `opened_at`, `raised_at`, `start`, `end`, `accounts`,
/// `objects`, `layers` (separated by spaces), `bits`, `labels` (separated by ` | `), `summary`, `feedback` (as
/// `verdict:count`, separated by spaces).
///
/// **Evidence**: `alert_id`, `revision`, `object`, `layer`, `label`, `post`, `account`, `at`, `similarity`, `url`,
/// `text`.
pub struct CsvWriter<W: Write, Table> {
    csv: ::csv::Writer<W>,
    table: PhantomData<fn(Table)>,
}

impl<W: Write> CsvWriter<W, Posts> {
    /// Begins a table of posts.
    ///
    /// # Errors
    /// When the sink does not take it.
    pub fn posts(sink: W) -> Result<Self, Error> {
        Self::begin(
            sink,
            &[
                "id",
                "thread_id",
                "author",
                "timestamp",
                "body",
                "author_name",
                "created_at",
                "platform",
                "lang",
                "kind",
                "repost_of",
                "repost_from",
                "reply_to",
                "quote_of",
                "links",
                "url",
                "cluster",
                "text_key",
                "similarity",
                "score",
            ],
        )
    }

    /// Writes a post.
    ///
    /// # Errors
    /// When the sink does not take it.
    pub fn write(&mut self, row: &PostRow<'_>) -> Result<(), Error> {
        let platform = Post::split_id(row.id).map_or("", |(platform, _)| platform);
        self.row([
            guarded(row.id),
            guarded(row.reply_to.unwrap_or(row.id)),
            guarded(row.author),
            plain(row.observed_at),
            guarded(row.text),
            guarded_or_empty(row.handle),
            plain_or_empty(row.created_at),
            guarded(platform),
            guarded_or_empty(row.lang),
            guarded(row.kind),
            guarded_or_empty(row.repost_of),
            guarded_or_empty(row.repost_from),
            guarded_or_empty(row.reply_to),
            guarded_or_empty(row.quote_of),
            joined(row.urls, " "),
            guarded_or_empty(row.url),
            guarded_or_empty(row.cluster),
            guarded_or_empty(row.text_key),
            plain_or_empty(row.similarity),
            plain_or_empty(row.score),
        ])
    }
}

impl<W: Write> CsvWriter<W, Alerts> {
    /// Begins a table of alerts.
    ///
    /// # Errors
    /// When the sink does not take it.
    pub fn alerts(sink: W) -> Result<Self, Error> {
        Self::begin(
            sink,
            &[
                "alert_id",
                "revision",
                "state",
                "shadow",
                "opened_at",
                "raised_at",
                "start",
                "end",
                "accounts",
                "objects",
                "layers",
                "bits",
                "labels",
                "summary",
                "feedback",
            ],
        )
    }

    /// Writes an alert.
    ///
    /// # Errors
    /// When the sink does not take it.
    pub fn write(&mut self, row: &AlertRow<'_>) -> Result<(), Error> {
        let layers: Vec<String> = row.layers.iter().map(ToString::to_string).collect();
        let feedback: Vec<String> = row.feedback.iter().map(|(verdict, count)| format!("{verdict}:{count}")).collect();
        self.row([
            guarded(row.alert_id),
            plain(row.revision),
            state_name(row.state).into(),
            plain(row.shadow),
            plain(row.opened_at),
            plain(row.raised_at),
            plain(row.start),
            plain(row.end),
            plain(row.accounts),
            plain(row.objects),
            joined(&layers, " "),
            plain_or_empty(row.bits),
            joined(row.labels, " | "),
            guarded(row.summary),
            joined(&feedback, " "),
        ])
    }
}

impl<W: Write> CsvWriter<W, EvidenceTable> {
    /// Begins a table of evidence.
    ///
    /// # Errors
    /// When the sink does not take it.
    pub fn evidence(sink: W) -> Result<Self, Error> {
        Self::begin(
            sink,
            &["alert_id", "revision", "object", "layer", "label", "post", "account", "at", "similarity", "url", "text"],
        )
    }

    /// Writes a post of the evidence.
    ///
    /// # Errors
    /// When the sink does not take it.
    pub fn write(&mut self, row: &EvidenceRow<'_>) -> Result<(), Error> {
        self.row([
            guarded(row.alert_id),
            plain(row.revision),
            guarded(row.object),
            plain_or_empty(row.layer),
            guarded_or_empty(row.label),
            guarded(row.post),
            guarded(row.account),
            plain(row.at),
            plain(row.similarity),
            guarded_or_empty(row.url),
            guarded_or_empty(row.text),
        ])
    }
}

impl<W: Write, Table> CsvWriter<W, Table> {
    fn begin(sink: W, columns: &[&str]) -> Result<Self, Error> {
        let mut csv = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(sink);
        csv.write_record(columns)?;
        Ok(Self { csv, table: PhantomData })
    }

    fn row<'a>(&mut self, fields: impl IntoIterator<Item = Cow<'a, str>>) -> Result<(), Error> {
        for field in fields {
            self.csv.write_field(field.as_bytes())?;
        }
        // Ends the row.
        self.csv.write_record(None::<&[u8]>)?;
        Ok(())
    }

    /// Hands everything that was written to the sink.
    ///
    /// # Errors
    /// When the sink does not take it.
    pub fn flush(&mut self) -> Result<(), Error> {
        Ok(self.csv.flush()?)
    }

    /// Ends the table and gives the sink back.
    ///
    /// # Errors
    /// When the sink does not take what is left.
    pub fn finish(self) -> Result<W, Error> {
        self.csv.into_inner().map_err(|error| Error::Sink(error.into_error()))
    }
}

impl<W: Write, Table> std::fmt::Debug for CsvWriter<W, Table> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsvWriter").finish_non_exhaustive()
    }
}

/// A value of ours: a number, a time, a word.
fn plain(value: impl Display) -> Cow<'static, str> {
    value.to_string().into()
}

fn plain_or_empty(value: Option<impl Display>) -> Cow<'static, str> {
    value.map_or(Cow::Borrowed(""), plain)
}

/// A text of a stranger that no spreadsheet takes for a formula.
fn guarded(text: &str) -> Cow<'_, str> {
    let text = if text.contains('\0') { Cow::Owned(text.replace('\0', "␀")) } else { Cow::Borrowed(text) };
    if text.trim_start_matches('\'').starts_with(is_formula) { format!("'{text}").into() } else { text }
}

fn guarded_or_empty(text: Option<&str>) -> Cow<'_, str> {
    text.map_or(Cow::Borrowed(""), guarded)
}

fn joined(texts: &[String], separator: &str) -> Cow<'static, str> {
    guarded(&texts.join(separator)).into_owned().into()
}

/// What a formula begins with, or what a spreadsheet drops before it looks for one.
fn is_formula(symbol: char) -> bool {
    matches!(symbol, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '\t' | '\r' | '\n')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The text that [`guarded`] was given.
    fn undo(field: &str) -> &str {
        match field.strip_prefix('\'') {
            Some(rest) if rest.trim_start_matches('\'').starts_with(is_formula) => rest,
            _ => field,
        }
    }

    #[test]
    fn formulas_are_guarded_and_nothing_else() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1"] {
            assert_eq!(guarded(text), format!("'{text}"));
        }
        for text in ["", "1=1", "'Twas", "a\n=1", " x", "''"] {
            assert_eq!(guarded(text), text);
        }
        assert_eq!(guarded("a\0b"), "a␀b");
    }

    proptest! {
        #[test]
        fn a_guard_can_be_taken_away(text in "['=+@\\-\t\r\n]{0,3}.*") {
            prop_assume!(!text.contains('\0'));
            let field = guarded(&text);
            prop_assert_eq!(undo(&field), &text);
        }

        #[test]
        fn no_field_begins_a_formula(text in "['=+@\\-\t\r\n\0]{0,3}.*") {
            prop_assert!(!guarded(&text).starts_with(is_formula));
        }
    }
}
