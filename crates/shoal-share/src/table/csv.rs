//! Tables as CSV (RFC 4180).

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};

use ::csv::{Terminator, WriterBuilder};

use super::schema::Cell;
use crate::FormatFacts;

pub(super) const FACTS: FormatFacts =
    FormatFacts { name: "csv", title: "CSV", purpose: "a table with commas", media_type: "text/csv", extension: "csv" };

/// Writes rows of cells, the names of the columns first.
pub(super) struct CsvWriter<W: Write>(Box<::csv::Writer<W>>);

impl<W: Write> CsvWriter<W> {
    pub(super) fn new(sink: W, columns: &[&str]) -> io::Result<Self> {
        let mut csv = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(sink);
        csv.write_record(columns)?;
        Ok(Self(Box::new(csv)))
    }

    pub(super) fn write(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        for cell in cells {
            self.0.write_field(field(cell).as_bytes())?;
        }
        // Ends the row.
        Ok(self.0.write_record(None::<&[u8]>)?)
    }

    pub(super) fn finish(self) -> io::Result<W> {
        self.0.into_inner().map_err(::csv::IntoInnerError::into_error)
    }

    /// Ends a table that leaves rows out with a line that says so.
    pub(super) fn finish_cut_off(self, rows: u64) -> io::Result<W> {
        let mut sink = self.finish()?;
        write!(sink, "# cut off after {rows} rows; narrow the time range to get the others\r\n")?;
        Ok(sink)
    }
}

impl<W: Write> fmt::Debug for CsvWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvWriter").finish_non_exhaustive()
    }
}

fn field<'a>(cell: &'a Cell<'_>) -> Cow<'a, str> {
    match cell {
        Cell::Empty => "".into(),
        Cell::Plain(value) => value.into(),
        Cell::Foreign(text) => guarded(text),
    }
}

/// A text of a stranger that no spreadsheet takes for a formula.
fn guarded(text: &str) -> Cow<'_, str> {
    let text = if text.contains('\0') { Cow::Owned(text.replace('\0', "␀")) } else { Cow::Borrowed(text) };
    if text.trim_start_matches('\'').starts_with(is_formula) { format!("'{text}").into() } else { text }
}

/// A symbol that a formula begins with, or that a spreadsheet drops before it looks for one.
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
