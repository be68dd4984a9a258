//! Inputs as records with their places, whatever they are compressed with.

mod identity;
mod source;
mod window;

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};

pub use self::identity::Identity;
use self::source::ByteSource;
use self::window::ReadWindow;
use crate::formats::Format;
use crate::formats::detect::{detect_in, is_enough};
use crate::record::BOM;
use crate::{Boundary, Compression, Error, Framing, Limits, Lines, Position, Record, RecordKind};

/// Reads an input record by record with bounded memory.
///
/// Reading fails where compressed data is cut or broken: every whole record before is given, then the error,
/// once. The caller may stop there, and later go on from [`Reader::position`] in the mended file; or accept
/// the damage by calling [`Reader::next`] again, which gives the unfinished record, if any, and then ends.
///
/// An unfinished last record is given only at the end, as [`RecordKind::Unterminated`]. A checkpoint that should
/// survive the growth of the file keeps the position before such a record.
pub struct Reader {
    path: PathBuf,
    name: String,
    source: ByteSource,
    window: ReadWindow,
    /// The offset of the window in the decompressed input.
    offset: u64,
    /// Records given so far.
    records: u64,
    framing: &'static dyn Framing,
    /// A record that outgrew its limit and has not ended yet.
    overflow: Option<Overflow>,
    limits: Limits,
    following: bool,
    state: ReaderState,
}

/// The part of an oversized record that has left the window.
struct Overflow {
    offset: u64,
    kept: Vec<u8>,
    length: u64,
}

/// Progress of reading.
enum ReaderState {
    Reading,
    /// The end was reached while not following.
    Ended,
    /// Reading failed; the error is still to be reported, or has been.
    Failed(Option<Error>),
}

impl Reader {
    /// Opens a file, a named pipe or, for `-`, the standard input. gzip, zstd and bzip2 are told by their first
    /// bytes, not by name.
    pub fn open(path: impl AsRef<Path>, limits: &Limits) -> Result<Self, Error> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let source = source::open(path, &name)?;
        Ok(Self {
            path: path.to_owned(),
            name,
            source,
            window: ReadWindow::default(),
            offset: 0,
            records: 0,
            framing: &Lines,
            overflow: None,
            limits: *limits,
            following: false,
            state: ReaderState::Reading,
        })
    }

    /// The name of the input, as given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The compression of the input.
    pub const fn compression(&self) -> Compression {
        self.source.compression()
    }

    /// The identity by which a checkpoint recognises the input.
    pub fn identity(&self) -> Result<Identity, Error> {
        Identity::of(&self.path)
    }

    /// The beginning of the next record: what a checkpoint keeps for [`Reader::skip_to`].
    pub fn position(&self) -> Position {
        let offset = self.overflow.as_ref().map_or(self.offset, |overflow| overflow.offset);
        Position { offset, record: self.records }
    }

    /// Tells the format from what comes next, without consuming it. Reads no further than needed, so that a live
    /// input that begins with a good record is not waited for.
    pub fn detect(&mut self) -> Result<Format, Error> {
        loop {
            let unread = self.window.unread();
            let name = format!("`{}`", self.name);
            match detect_in(&name, unread) {
                Err(error) if is_enough(unread) => return Err(error),
                // A failure to read is reported where the records before it have been given.
                Err(error) => match self.fill() {
                    Ok(0) => return Err(error),
                    Ok(_) => {}
                    Err(failure) => {
                        self.state = ReaderState::Failed(Some(failure));
                        return detect_in(&name, self.window.unread());
                    }
                },
                format => return format,
            }
        }
    }

    /// Cuts what comes next by this framing. Inputs are cut into lines unless their format says otherwise.
    pub fn cut_by(&mut self, framing: &'static dyn Framing) {
        self.framing = framing;
    }

    /// Goes on while a plain file grows. While following, `next` gives `None` at the present end, keeps an
    /// unfinished record for later, and may be called again at any time. When following is switched off, the next call
    /// gives the unfinished record. Pipes need no following: reading them waits. Compressed files are refused.
    pub fn follow(&mut self, on: bool) -> Result<(), Error> {
        let compression = self.compression();
        if on && compression != Compression::None {
            return Err(Error::CannotFollow { path: self.name.clone(), compression });
        }
        self.following = on && self.source.file().is_some();
        if self.following && matches!(self.state, ReaderState::Ended) {
            self.state = ReaderState::Reading;
        }
        Ok(())
    }

    /// `true` while the input is followed: its present end is not its end.
    pub const fn follows(&self) -> bool {
        self.following
    }

    /// Goes to a position from an earlier [`Reader::position`]: at once in a plain file, by reading and discarding
    /// in all else, which can only go forward.
    pub fn skip_to(&mut self, to: Position) -> Result<(), Error> {
        if let Some(file) = self.source.file() {
            let size = seek(file, to.offset).map_err(|error| self.read_error(error))?;
            if size < to.offset {
                return Err(Error::Shrunk { path: self.name.clone(), offset: to.offset, size });
            }
            self.window.clear();
            self.state = ReaderState::Reading;
        } else {
            self.discard_until(to.offset)?;
            self.window.search_anew();
        }
        self.overflow = None;
        self.offset = to.offset;
        self.records = to.record;
        Ok(())
    }

    /// Gives the next record; its bytes, without the line end, replace what is in `bytes`. `None` at the end of the
    /// input, or at its present end while following. Blank records are passed over.
    pub fn next(&mut self, bytes: &mut Vec<u8>) -> Result<Option<Record>, Error> {
        loop {
            let Some((offset, kind)) = self.next_frame(bytes)? else { return Ok(None) };
            if bytes.trim_ascii().is_empty() && !matches!(kind, RecordKind::Oversized { .. }) {
                continue;
            }
            let number = self.records;
            self.records += 1;
            return Ok(Some(Record { offset, number, kind }));
        }
    }

    /// The next record, blank or not: its offset and its kind.
    fn next_frame(&mut self, bytes: &mut Vec<u8>) -> Result<Option<(u64, RecordKind)>, Error> {
        loop {
            if self.offset == 0 {
                self.pass_bom()?;
            }
            if let Some(Boundary { length, end }) = self.window.boundary(self.framing) {
                let taken = self.take(length, bytes, RecordKind::Whole);
                self.consume(end.saturating_sub(length));
                return Ok(Some(taken));
            }
            // One more for a carriage return, which does not count.
            if self.window.unread().len() > self.limits.record_bytes.saturating_add(1) {
                self.overflow();
            }
            if self.fill()? == 0 {
                return self.at_end(bytes);
            }
        }
    }

    /// Takes `length` bytes, the last of a record, out of the window.
    fn take(&mut self, length: usize, bytes: &mut Vec<u8>, kind: RecordKind) -> (u64, RecordKind) {
        let content = self.window.unread().get(..length).unwrap_or_default();
        let without_return = content.strip_suffix(b"\r").unwrap_or(content);
        bytes.clear();
        if self.overflow.is_none() && without_return.len() <= self.limits.record_bytes {
            let offset = self.offset;
            bytes.extend_from_slice(without_return);
            self.consume(length);
            return (offset, kind);
        }
        let (offset, length) = self.overflow_by(length);
        if let Some(overflow) = self.overflow.take() {
            bytes.extend_from_slice(&overflow.kept);
        }
        (offset, RecordKind::Oversized { length })
    }

    /// Moves the whole window, all of it one unfinished record, to the overflow.
    fn overflow(&mut self) {
        self.overflow_by(self.window.unread().len());
    }

    /// Moves `length` bytes to the overflow, which keeps only the first of them. Returns its offset and length.
    fn overflow_by(&mut self, length: usize) -> (u64, u64) {
        let offset = self.offset;
        let overflow = self.overflow.get_or_insert_with(|| Overflow { offset, kept: Vec::new(), length: 0 });
        let room = self.limits.kept_bytes.saturating_sub(overflow.kept.len());
        let content = self.window.unread().get(..length.min(room)).unwrap_or_default();
        overflow.kept.extend_from_slice(content);
        overflow.length += length as u64;
        let place = (overflow.offset, overflow.length);
        self.consume(length);
        place
    }

    /// Gives what the end of the input leaves: an unfinished record, or nothing.
    fn at_end(&mut self, bytes: &mut Vec<u8>) -> Result<Option<(u64, RecordKind)>, Error> {
        if matches!(self.state, ReaderState::Reading) {
            if self.following {
                self.check_not_cut()?;
                return Ok(None);
            }
            self.state = ReaderState::Ended;
        }
        let rest = self.window.unread().len();
        if rest == 0 && self.overflow.is_none() {
            return Ok(None);
        }
        Ok(Some(self.take(rest, bytes, RecordKind::Unterminated)))
    }

    /// A file that is followed only grows, unless someone cuts or rewrites it.
    fn check_not_cut(&self) -> Result<(), Error> {
        let Some(file) = self.source.file() else { return Ok(()) };
        let size = file.metadata().map_err(|error| self.read_error(error))?.len();
        let offset = self.offset + self.window.unread().len() as u64;
        if size < offset {
            return Err(Error::Shrunk { path: self.name.clone(), offset, size });
        }
        Ok(())
    }

    fn pass_bom(&mut self) -> Result<(), Error> {
        while self.window.unread().len() < BOM.len() && BOM.starts_with(self.window.unread()) {
            if self.fill()? == 0 {
                return Ok(());
            }
        }
        if self.window.unread().starts_with(BOM) {
            self.consume(BOM.len());
        }
        Ok(())
    }

    fn discard_until(&mut self, offset: u64) -> Result<(), Error> {
        if offset < self.offset {
            return Err(Error::Backward { path: self.name.clone(), offset, at: self.offset });
        }
        while self.offset < offset {
            if self.window.unread().is_empty() && self.fill()? == 0 {
                return Err(Error::Shrunk { path: self.name.clone(), offset, size: self.offset });
            }
            let unread = self.window.unread().len() as u64;
            self.consume(unread.min(offset - self.offset) as usize);
        }
        Ok(())
    }

    fn consume(&mut self, bytes: usize) {
        self.window.consume(bytes);
        self.offset += bytes as u64;
    }

    /// Reads more into the window; 0 at the end, and after a failure that was reported.
    fn fill(&mut self) -> Result<usize, Error> {
        match &mut self.state {
            ReaderState::Reading => {}
            ReaderState::Ended => return Ok(0),
            ReaderState::Failed(failure) => return failure.take().map_or(Ok(0), Err),
        }
        self.window.fill(&mut self.source).map_err(|error| {
            self.state = ReaderState::Failed(None);
            self.read_error(error)
        })
    }

    fn read_error(&self, source: io::Error) -> Error {
        let (path, offset) = (self.name.clone(), self.offset + self.window.unread().len() as u64);
        match self.compression() {
            Compression::None => Error::Read { path, offset, source },
            compression => Error::Damaged { path, compression, offset, source },
        }
    }
}

/// Goes to `offset` of a file and returns the file's size.
fn seek(mut file: &File, offset: u64) -> io::Result<u64> {
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(offset.min(size)))?;
    Ok(size)
}

#[cfg(test)]
mod tests;
