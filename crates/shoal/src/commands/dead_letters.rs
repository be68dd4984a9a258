//! `shoal dead-letters`: a look at records that could not be read as posts.

use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;
use shoal_formats::{DeadLetter, DeadLetters};

use crate::cli::DeadLettersCommand;
use crate::terminal::console;
use shoal_model::display::{excerpt, printable};

/// Lists dead letters or shows one.
pub(crate) fn dead_letters(command: &DeadLettersCommand) -> Result<()> {
    match command {
        DeadLettersCommand::List { file, json } => list(file, *json),
        DeadLettersCommand::Show { file, number, raw: true } => console::print(&find(file, *number)?.raw),
        DeadLettersCommand::Show { file, number, raw: false } => {
            console::print(describe(*number, &find(file, *number)?).as_bytes())
        }
    }
}

/// A dead letter with its number in the file.
#[derive(Serialize)]
struct Numbered<'a> {
    number: u64,
    #[serde(flatten)]
    letter: &'a DeadLetter,
}

/// Lists what can be read; lines that cannot be are named, and fail the command at the end.
fn list(file: &Path, json: bool) -> Result<()> {
    if !json {
        console::print(row("number", "source", "offset", "reason", "detail").as_bytes())?;
    }
    let mut broken = 0_u64;
    for (number, letter) in (1..).zip(DeadLetters::open(file)?) {
        match letter {
            Ok(letter) if json => {
                let mut line = serde_json::to_vec(&Numbered { number, letter: &letter })?;
                line.push(b'\n');
                console::print(&line)?;
            }
            Ok(letter) => {
                let (number, offset) = (number.to_string(), letter.offset.to_string());
                let (source, detail) = (excerpt(&letter.source, 28), printable(&letter.detail));
                console::print(row(&number, &source, &offset, letter.reason.name(), &detail).as_bytes())?;
            }
            Err(error) => {
                broken += 1;
                console::note(&format!("warning: {}\n", printable(&error.to_string())));
            }
        }
    }
    match broken {
        0 => Ok(()),
        1 => bail!("1 line of {} could not be read", file.display()),
        _ => bail!("{broken} lines of {} could not be read", file.display()),
    }
}

fn row(number: &str, source: &str, offset: &str, reason: &str, detail: &str) -> String {
    format!("{number:>6}  {source:<28}  {offset:>12}  {reason:<16}  {detail}\n")
}

fn find(file: &Path, number: u64) -> Result<DeadLetter> {
    let mut count = 0;
    for letter in DeadLetters::open(file)? {
        count += 1;
        if count == number {
            return Ok(letter?);
        }
    }
    match count {
        0 => bail!("there are no dead letters in {}", file.display()),
        _ => bail!("there is no number {number} in {}; it has 1 to {count}", file.display()),
    }
}

fn describe(number: u64, letter: &DeadLetter) -> String {
    let (source, detail) = (printable(&letter.source), printable(&letter.detail));
    let DeadLetter { record, offset, reason, .. } = letter;
    format!(
        "number  {number}\nsource  {source}\nrecord  {record} (from 0), at byte {offset} of the decompressed input\n\
         reason  {reason}\ndetail  {detail}\nbytes   {}\nraw     {}\n",
        letter.raw.len(),
        escaped(&letter.raw)
    )
}

/// Bytes as text, with everything that is no visible text written out.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(&printable(chunk.valid()));
        text.extend(chunk.invalid().escape_ascii().map(char::from));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_out() {
        assert_eq!(escaped(b"{\"a\":\xff\xfe\x1b[0m\xd0\xb6\0"), "{\"a\":\\xff\\xfe\\u{1b}[0mж\\u{0}");
    }
}
