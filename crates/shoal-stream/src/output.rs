//! Outputs whose length is known, so that a resumed run can cut them to what a checkpoint has seen.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use shoal_formats::{DeadLetter, DeadLetterWriter};
use shoal_model::{Alert, AlertState};

use crate::Error;
use crate::settings::Outputs;

/// A file of JSON lines, or nothing.
#[derive(Debug)]
struct Lines {
    path: PathBuf,
    file: BufWriter<File>,
    length: u64,
}

impl Lines {
    fn open(path: &Path, keep: u64, state: Option<&Path>) -> Result<Self, Error> {
        let failed = |source| Error::Output { path: path.to_owned(), source };
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        check_length(path, length, keep, state)?;
        // Pipes and devices have no length to cut.
        if length > keep {
            file.set_len(keep).map_err(failed)?;
        }
        if keep > 0 {
            file.seek(SeekFrom::Start(keep)).map_err(failed)?;
        }
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file), length: keep })
    }

    fn append(&mut self, record: &impl Serialize) -> Result<(), Error> {
        let line = serde_json::to_vec(record).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            self.file.write_all(&line)?;
            Ok(line.len())
        });
        self.length += line.map_err(|source| self.failed(source))? as u64;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.file.flush().map_err(|source| self.failed(source))
    }

    fn sync(&mut self) -> Result<(), Error> {
        self.flush()?;
        match self.file.get_ref().sync_data() {
            // Pipes cannot be synchronised, and need not be.
            Err(source) if source.kind() != io::ErrorKind::InvalidInput => Err(self.failed(source)),
            _ => Ok(()),
        }
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Output { path: self.path.clone(), source }
    }
}

fn check_length(path: &Path, length: u64, keep: u64, state: Option<&Path>) -> Result<(), Error> {
    match state {
        Some(state) if length < keep => {
            Err(Error::OutputLost { path: path.to_owned(), state: state.to_owned(), length, expected: keep })
        }
        _ => Ok(()),
    }
}

/// The lengths of all outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, serde::Deserialize)]
pub(crate) struct Lengths {
    pub(crate) alerts: u64,
    pub(crate) shadow: u64,
    pub(crate) dead_letters: u64,
}

/// All outputs.
pub(crate) struct Sinks {
    alerts: Option<Lines>,
    shadow: Option<Lines>,
    dead_letters: Option<DeadLetterWriter>,
}

impl Sinks {
    /// Opens the outputs and cuts them to `keep`; 0 replaces what was there.
    pub(crate) fn open(outputs: &Outputs, keep: Lengths, state: Option<&Path>) -> Result<Self, Error> {
        let lines =
            |path: &Option<PathBuf>, keep| path.as_deref().map(|path| Lines::open(path, keep, state)).transpose();
        let dead_letters = match &outputs.dead_letters {
            Some(path) => {
                let mut writer = DeadLetterWriter::open(path)?;
                check_length(path, writer.len(), keep.dead_letters, state)?;
                writer.truncate(keep.dead_letters)?;
                Some(writer)
            }
            None => None,
        };
        Ok(Self {
            alerts: lines(&outputs.alerts, keep.alerts)?,
            shadow: lines(&outputs.shadow, keep.shadow)?,
            dead_letters,
        })
    }

    /// Writes an alert where it belongs.
    pub(crate) fn alert(&mut self, alert: &Alert) -> Result<(), Error> {
        let sent = !alert.shadow && alert.state != AlertState::Suppressed;
        let lines = if sent { &mut self.alerts } else { &mut self.shadow };
        lines.as_mut().map_or(Ok(()), |lines| lines.append(alert))
    }

    /// Keeps a record that is not a post.
    pub(crate) fn dead_letter(&mut self, letter: &DeadLetter) -> Result<(), Error> {
        if let Some(writer) = &mut self.dead_letters {
            writer.append(letter)?;
        }
        Ok(())
    }

    /// Makes alerts visible to whoever reads the files.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        for lines in [&mut self.alerts, &mut self.shadow].into_iter().flatten() {
            lines.flush()?;
        }
        Ok(())
    }

    /// Waits until the disk has everything; gives the lengths.
    pub(crate) fn sync(&mut self) -> Result<Lengths, Error> {
        for lines in [&mut self.alerts, &mut self.shadow].into_iter().flatten() {
            lines.sync()?;
        }
        if let Some(writer) = &mut self.dead_letters {
            writer.sync()?;
        }
        let length = |lines: &Option<Lines>| lines.as_ref().map_or(0, |lines| lines.length);
        Ok(Lengths {
            alerts: length(&self.alerts),
            shadow: length(&self.shadow),
            dead_letters: self.dead_letters.as_ref().map_or(0, DeadLetterWriter::len),
        })
    }
}
