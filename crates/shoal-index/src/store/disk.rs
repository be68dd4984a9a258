//! Files: atomic replacement, logs, and errors with their remedies.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tantivy::TantivyError;
use tantivy::directory::error::{LockError, OpenDirectoryError, OpenReadError, OpenWriteError};

use crate::Error;

/// An error of the system about `path`.
pub(crate) fn failed(path: &Path) -> impl Fn(io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |source| Error::Io { path: path.clone(), remedy: remedy(source.kind()), source }
}

const fn remedy(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "make room there and start again; everything that was committed is kept"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "let the user of this program read and write there"
        }
        _ => "see to the disk and start again; everything that was committed is kept",
    }
}

/// An error of tantivy about `path`: that of the system where it is the cause.
pub(crate) fn tantivy_error(path: &Path) -> impl Fn(TantivyError) -> Error + use<> {
    let path = path.to_owned();
    move |source| match system_error(&source).map(copy).or_else(|| told_error(&source)) {
        Some(cause) => failed(&path)(cause),
        None => Error::Tantivy { path: path.clone(), source },
    }
}

/// The error of the system that a thread of tantivy passes on as text.
fn told_error(error: &TantivyError) -> Option<io::Error> {
    let (TantivyError::InternalError(text) | TantivyError::ErrorInThread(text) | TantivyError::SystemError(text)) =
        error
    else {
        return None;
    };
    let number = text.rsplit_once("(os error ")?.1.split_once(')')?.0;
    number.parse().ok().map(io::Error::from_raw_os_error)
}

/// The error of the system that caused an error of tantivy.
pub(crate) fn system_error(error: &TantivyError) -> Option<&io::Error> {
    let cause: &Arc<io::Error> = match error {
        TantivyError::IoError(cause)
        | TantivyError::OpenDirectoryError(OpenDirectoryError::IoError { io_error: cause, .. })
        | TantivyError::OpenReadError(OpenReadError::IoError { io_error: cause, .. })
        | TantivyError::OpenWriteError(OpenWriteError::IoError { io_error: cause, .. })
        | TantivyError::LockFailure(LockError::IoError(cause), _) => cause,
        _ => return None,
    };
    Some(cause)
}

fn copy(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| io::Error::new(error.kind(), error.to_string()), io::Error::from_raw_os_error)
}

/// Replaces a file atomically: after a crash it is the old one or the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let fresh = path.with_extension("new");
    let write = || {
        let mut file = File::create(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    };
    write().map_err(failed(path))?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(path: &Path) -> Result<(), Error> {
    File::open(path).and_then(|directory| directory.sync_all()).map_err(failed(path))
}

/// Reads a file; `None` where there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path)(error)),
    }
}

/// Removes a file or directory where it exists.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    let done = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match done {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path)(error)),
        _ => Ok(()),
    }
}

/// A log: a file of lines that only grows. A line is durable once it has been added.
#[derive(Debug)]
pub(crate) struct AppendLog {
    file: File,
    path: PathBuf,
    /// Bytes of whole lines.
    length: u64,
}

impl AppendLog {
    /// Opens the log to append to it, and returns its lines. A last line that was cut off is removed: it was never
    /// acknowledged.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<u8>), Error> {
        let mut bytes = read(path)?.unwrap_or_default();
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let open = || {
            let file = File::options().create(true).append(true).open(path)?;
            if whole < bytes.len() {
                tracing::warn!(path = %path.display(), "the last line was cut off when it was written, and is taken away");
                file.set_len(whole as u64)?;
                file.sync_all()?;
            }
            Ok(file)
        };
        let file = open().map_err(failed(path))?;
        path.parent().map_or(Ok(()), sync_directory)?;
        bytes.truncate(whole);
        Ok((Self { file, path: path.to_owned(), length: whole as u64 }, bytes))
    }

    /// Adds a line, given without its end. A line that cannot be written whole is removed, or the next one would be
    /// glued to it.
    pub(crate) fn add(&mut self, line: &str) -> Result<(), Error> {
        let whole = format!("{line}\n");
        let written = self.file.write_all(whole.as_bytes()).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => self.length += whole.len() as u64,
            Err(_) => self.file.set_len(self.length).map_err(failed(&self.path))?,
        }
        written.map_err(failed(&self.path))
    }
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The lines of a file, without empty ones.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_off_is_taken_away() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        fs::write(&path, "one\ntwo\nthr").unwrap();
        let (mut log, bytes) = AppendLog::open(&path).unwrap();
        assert_eq!(bytes, b"one\ntwo\n");
        log.add("three").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\nthree\n");
    }

    #[test]
    fn errors_of_the_system_say_what_to_do() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let error = tantivy_error(Path::new("/index/posts"))(TantivyError::IoError(Arc::new(full)));
        let text = error.to_string();
        assert!(text.starts_with("/index/posts: ") && text.contains("make room there"), "{text}");
        let told = tantivy_error(Path::new("a"))(TantivyError::InternalError("No space left (os error 28)".to_owned()));
        assert!(told.to_string().contains("make room there"), "{told}");
        let other = tantivy_error(Path::new("a"))(TantivyError::InternalError("who knows".to_owned()));
        assert!(matches!(other, Error::Tantivy { .. }));
    }
}
