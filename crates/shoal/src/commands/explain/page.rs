//! A page of plain text. Every line goes through [`printable`]: most of them quote strangers.

use serde::Serialize;

use crate::terminal::printable::printable;

/// A page that is being written.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    /// A line.
    pub(super) fn line(&mut self, text: impl AsRef<str>) {
        self.0.push_str(&printable(text.as_ref()));
        self.0.push('\n');
    }

    /// A heading, with an empty line before it.
    pub(super) fn heading(&mut self, text: &str) {
        self.0.push('\n');
        self.line(text);
    }

    /// A line below a heading.
    pub(super) fn item(&mut self, text: impl AsRef<str>) {
        self.line(format!("  {}", text.as_ref()));
    }

    /// A line below an item.
    pub(super) fn detail(&mut self, text: impl AsRef<str>) {
        self.line(format!("     {}", text.as_ref()));
    }

    /// The page.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// The name that a value has in an alert.
pub(super) fn name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        // All that is named here is written as a text.
        _ => String::new(),
    }
}

/// A count with its noun.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{} {noun}", crate::terminal::figures::grouped(number))
}
