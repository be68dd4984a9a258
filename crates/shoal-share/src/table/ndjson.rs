//! Tables as NDJSON: a JSON object on each line.

use std::io::{self, Write};

use serde::Serialize;

use crate::FormatFacts;

pub(super) const FACTS: FormatFacts = FormatFacts {
    name: "ndjson",
    title: "NDJSON",
    purpose: "one JSON object a line",
    media_type: "application/x-ndjson",
    extension: "ndjson",
};

/// Writes objects.
#[derive(Debug)]
pub(super) struct NdjsonWriter<W>(W);

impl<W: Write> NdjsonWriter<W> {
    pub(super) fn new(sink: W) -> Self {
        Self(sink)
    }

    pub(super) fn write(&mut self, row: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, row)?;
        self.0.write_all(b"\n")
    }

    pub(super) fn finish(self) -> W {
        self.0
    }

    /// Ends a table that leaves rows out with an object that says so.
    pub(super) fn finish_cut_off(mut self, rows: u64) -> io::Result<W> {
        let detail = format!("there are more than {rows}; narrow the time range to get the others");
        self.write(&serde_json::json!({ "cut_off": { "rows": rows, "detail": detail } }))?;
        Ok(self.0)
    }
}
