//! Tables of posts, alerts and evidence: a file for each table, a file for each format.

mod alerts;
mod csv;
mod evidence;
mod ndjson;
mod posts;
mod schema;

use std::io::Write;
use std::marker::PhantomData;

pub use self::alerts::{AlertRow, AlertTable};
use self::csv::CsvWriter;
pub use self::evidence::{EvidenceRow, EvidenceTable, evidence_rows, evidence_table};
use self::ndjson::NdjsonWriter;
pub use self::posts::PostTable;
pub use self::schema::{Cell, TableSchema};
use crate::{Error, FileFormat, FormatFacts};

/// Formats of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// CSV: UTF-8 without a mark, commas, lines that end in CR LF, the columns' names first.
    ///
    /// Times are RFC 3339 in UTC, `true` and `false` are written so, an absent value is empty, numbers have a point.
    /// Texts of strangers are guarded: a field that a spreadsheet would take for a formula (it begins with `=`, `+`,
    /// `-`, `@`, their full-width twins, a tab or an end of line, whatever number of apostrophes stand before) gets an
    /// apostrophe in front; to undo it, take one away where such a field begins with one. A NUL, which many readers do
    /// not take, becomes `␀`.
    Csv,
    /// NDJSON: a JSON object on each line, the whole record.
    Ndjson,
}

impl TableFormat {
    /// Rows are whole records, not columns.
    pub const fn holds_records(self) -> bool {
        match self {
            Self::Csv => false,
            Self::Ndjson => true,
        }
    }
}

impl FileFormat for TableFormat {
    const ALL: &'static [Self] = &[Self::Csv, Self::Ndjson];

    fn facts(self) -> &'static FormatFacts {
        match self {
            Self::Csv => &csv::FACTS,
            Self::Ndjson => &ndjson::FACTS,
        }
    }
}

/// Writes a table, row by row.
#[derive(Debug)]
pub struct TableWriter<W: Write, T> {
    rows: RowWriter<W>,
    table: PhantomData<fn(T)>,
}

#[derive(Debug)]
enum RowWriter<W: Write> {
    Csv(CsvWriter<W>),
    Ndjson(NdjsonWriter<W>),
}

impl<W: Write, T: TableSchema> TableWriter<W, T> {
    /// Begins a table.
    ///
    /// # Errors
    /// The sink does not take it.
    pub fn new(format: TableFormat, sink: W) -> Result<Self, Error> {
        let rows = match format {
            TableFormat::Csv => RowWriter::Csv(CsvWriter::new(sink, T::COLUMNS)?),
            TableFormat::Ndjson => RowWriter::Ndjson(NdjsonWriter::new(sink)),
        };
        Ok(Self { rows, table: PhantomData })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// The sink does not take it.
    pub fn write(&mut self, row: &T::Row<'_>) -> Result<(), Error> {
        match &mut self.rows {
            RowWriter::Csv(csv) => csv.write(&T::cells(row))?,
            RowWriter::Ndjson(ndjson) => ndjson.write(row)?,
        }
        Ok(())
    }

    /// Ends the table and gives the sink back.
    ///
    /// # Errors
    /// The sink does not take the rest.
    pub fn finish(self) -> Result<W, Error> {
        Ok(match self.rows {
            RowWriter::Csv(csv) => csv.finish()?,
            RowWriter::Ndjson(ndjson) => ndjson.finish(),
        })
    }

    /// Ends a table that leaves out what comes after so many rows, says so in it, and gives the sink back.
    ///
    /// # Errors
    /// The sink does not take the rest.
    pub fn finish_cut_off(self, rows: u64) -> Result<W, Error> {
        Ok(match self.rows {
            RowWriter::Csv(csv) => csv.finish_cut_off(rows)?,
            RowWriter::Ndjson(ndjson) => ndjson.finish_cut_off(rows)?,
        })
    }
}
