//! Dead letters as a file, one per line.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use super::DeadLetter;
use crate::{Error, Limits, Reader};

/// Appends dead letters to a file. Its length goes into checkpoints; a resumed run cuts the file to it, so that what
/// it writes is byte for byte what an uninterrupted run would have written. An error leaves the file in doubt: stop,
/// and resume from the last checkpoint.
pub struct DeadLetterWriter {
    name: String,
    file: BufWriter<File>,
    length: u64,
    /// The letter being written. A letter enters the file's buffer whole or not at all.
    line: Vec<u8>,
}

impl DeadLetterWriter {
    /// Opens a file for appending, and makes it where there is none. After a crash it may hold more than the last
    /// checkpoint says, even half a letter: call [`DeadLetterWriter::truncate`] before the first append, with 0 for
    /// a run from the start.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let opened = OpenOptions::new().write(true).create(true).truncate(false).open(path).and_then(|mut file| {
            let length = file.seek(SeekFrom::End(0))?;
            Ok((file, length))
        });
        let (file, length) = opened.map_err(|source| Error::WriteDeadLetters { path: name.clone(), source })?;
        Ok(Self { name, file: BufWriter::new(file), length, line: Vec::new() })
    }

    /// Appends a letter. It may stay in memory until [`DeadLetterWriter::sync`].
    pub fn append(&mut self, letter: &DeadLetter) -> Result<(), Error> {
        self.line.clear();
        let written = serde_json::to_writer(&mut self.line, letter).map_err(io::Error::from).and_then(|()| {
            self.line.push(b'\n');
            self.file.write_all(&self.line)
        });
        written.map_err(|source| self.failed(source))?;
        self.length += self.line.len() as u64;
        Ok(())
    }

    /// The length of the file in bytes, what is still in memory included.
    pub const fn len(&self) -> u64 {
        self.length
    }

    /// `true` when there are no letters.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Writes what is in memory and waits until the disk has it all.
    pub fn sync(&mut self) -> Result<(), Error> {
        let synced = self.file.flush().and_then(|()| self.file.get_ref().sync_data());
        match synced {
            // Devices and pipes cannot be synchronised, and need not be.
            Err(source) if source.kind() != io::ErrorKind::InvalidInput => Err(self.failed(source)),
            _ => Ok(()),
        }
    }

    /// Cuts the file to a length that [`DeadLetterWriter::len`] gave earlier. A file shorter than that has lost
    /// letters, which is an error.
    pub fn truncate(&mut self, length: u64) -> Result<(), Error> {
        if self.length < length {
            return Err(Error::LostDeadLetters { path: self.name.clone(), size: self.length, wanted: length });
        }
        if self.length == length {
            return Ok(());
        }
        let cut = self.file.flush().and_then(|()| {
            let file = self.file.get_mut();
            file.set_len(length)?;
            file.seek(SeekFrom::Start(length))
        });
        self.length = cut.map_err(|source| self.failed(source))?;
        Ok(())
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::WriteDeadLetters { path: self.name.clone(), source }
    }
}

/// Iterates over the dead letters of a file. A bad line is an error that names it; the iteration can go on after it.
pub struct DeadLetters {
    reader: Reader,
    line: Vec<u8>,
    failed: bool,
}

impl DeadLetters {
    /// The longest letter that is read, in bytes: one of a record of tens of megabytes, all of it escaped.
    const LONGEST: usize = 256 << 20;

    /// Opens a file of dead letters, plain or compressed, or the standard input (`-`).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let limits = Limits { record_bytes: Self::LONGEST, ..Limits::default() };
        Ok(Self { reader: Reader::open(path, &limits)?, line: Vec::new(), failed: false })
    }
}

impl Iterator for DeadLetters {
    type Item = Result<DeadLetter, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        // What follows a failure of the file itself is no whole line.
        if self.failed {
            return None;
        }
        match self.reader.next(&mut self.line) {
            Ok(record) => record.map(|record| {
                serde_json::from_slice(&self.line).map_err(|error| Error::BadDeadLetter {
                    path: self.reader.name().to_owned(),
                    line: record.number + 1,
                    problem: error.to_string(),
                })
            }),
            Err(error) => {
                self.failed = true;
                Some(Err(error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{Reason, Record, RecordKind, Refusal};

    fn letter(number: u64) -> DeadLetter {
        let record = Record { offset: number * 10, number, kind: RecordKind::Whole };
        let raw = if number.is_multiple_of(2) { b"{".to_vec() } else { vec![0xff, 0] };
        DeadLetter::new("posts.jsonl", &record, Refusal::new(Reason::Truncated, "column 1"), raw)
    }

    #[test]
    fn a_resumed_run_writes_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let (whole, resumed) = (folder.path().join("whole"), folder.path().join("resumed"));
        let write = |path: &Path, from: Option<u64>, letters: std::ops::Range<u64>| {
            let mut writer = DeadLetterWriter::open(path).unwrap();
            writer.truncate(from.unwrap_or(0)).unwrap();
            letters.for_each(|number| writer.append(&letter(number)).unwrap());
            writer.sync().unwrap();
            assert_eq!(writer.len(), fs::metadata(path).unwrap().len());
            writer.len()
        };
        write(&whole, None, 0..9);
        let checkpoint = write(&resumed, None, 0..4);
        write(&resumed, Some(checkpoint), 4..7);
        // A crash in the middle of a letter.
        let mut file = OpenOptions::new().append(true).open(&resumed).unwrap();
        file.write_all(b"{\"sour").unwrap();
        write(&resumed, Some(checkpoint), 4..9);
        assert_eq!(fs::read(&whole).unwrap(), fs::read(&resumed).unwrap());
        let read: Result<Vec<_>, _> = DeadLetters::open(&resumed).unwrap().collect();
        assert_eq!(read.unwrap(), (0..9).map(letter).collect::<Vec<_>>());
    }

    #[test]
    fn lost_letters_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = DeadLetterWriter::open(folder.path().join("letters")).unwrap();
        assert!(writer.is_empty());
        writer.append(&letter(0)).unwrap();
        let message = writer.truncate(1_000).unwrap_err().to_string();
        assert!(message.contains("where the checkpoint has 1000"), "{message}");
        // What was appended is cut too, though it was never synced.
        writer.truncate(0).unwrap();
        assert!(writer.is_empty());
        assert!(matches!(DeadLetterWriter::open(folder.path()), Err(Error::WriteDeadLetters { .. })));
    }

    #[test]
    fn a_bad_line_is_named_and_passed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letters");
        let good = serde_json::to_string(&letter(1)).unwrap();
        fs::write(&path, format!("{good}\nnonsense\n{good}\n")).unwrap();
        let read: Vec<_> = DeadLetters::open(&path).unwrap().collect();
        assert_eq!(read.len(), 3);
        let message = read[1].as_ref().unwrap_err().to_string();
        assert!(message.contains("line 2: not a dead letter"), "{message}");
        assert_eq!(read[2].as_ref().unwrap(), &letter(1));
    }
}
