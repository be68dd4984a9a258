//! A page of plain text. Every line goes through [`printable`]: most of them quote strangers.

use shoal_model::display::printable;

/// A page that is being written.
#[derive(Default)]
pub(super) struct TextPage(String);

impl TextPage {
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

/// A count with its noun.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{} {noun}", crate::terminal::figures::grouped(number))
}
