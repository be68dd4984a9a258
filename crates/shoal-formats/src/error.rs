//! Failures of an input, as opposed to one of its records.

use std::io;

use crate::Compression;

/// A failure that stops reading or writing, with the file, the place and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting that cannot work.
    #[error("{key}: {problem}; {remedy}")]
    Setting {
        /// The key as a pipeline has it, such as `input.depth`.
        key: String,
        /// The problem.
        problem: String,
        /// The remedy.
        remedy: String,
    },
    /// An input that cannot be opened.
    #[error("cannot open `{path}`: {source}; check the path and its permissions")]
    Open {
        /// The input.
        path: String,
        /// The system's words.
        source: io::Error,
    },
    /// An input that is a directory.
    #[error("`{path}` is a directory; name the files in it")]
    Directory {
        /// The input.
        path: String,
    },
    /// The system fails while reading.
    #[error("cannot read `{path}` beyond byte {offset}: {source}; every record before is delivered")]
    Read {
        /// The input.
        path: String,
        /// The end of the bytes that could be read.
        offset: u64,
        /// The system's words.
        source: io::Error,
    },
    /// Compressed data that is cut or broken.
    #[error(
        "`{path}` is half-written or damaged: its {compression} data ends or breaks after byte {offset} of its content \
         ({source}); every whole record before is delivered; wait for the writer or fetch the file again"
    )]
    Damaged {
        /// The input.
        path: String,
        /// The compression.
        compression: Compression,
        /// The end of the bytes that could be decompressed.
        offset: u64,
        /// The decompressor's words.
        source: io::Error,
    },
    /// An input shorter than what was already read from it.
    #[error(
        "`{path}` was cut or replaced: it ends at byte {size}, before byte {offset} that was already read; start anew"
    )]
    Shrunk {
        /// The input.
        path: String,
        /// The offset at which reading should go on.
        offset: u64,
        /// The end of the input.
        size: u64,
    },
    /// An input that is another one than it was.
    #[error(
        "`{path}` is not the file that was read before: its first {checked} bytes differ; give the old file or start anew"
    )]
    Changed {
        /// The input.
        path: String,
        /// The number of bytes that were compared.
        checked: u64,
    },
    /// A compressed input that should be followed while it grows.
    #[error("`{path}` is {compression} and cannot be followed while it grows; follow a plain file or a pipe")]
    CannotFollow {
        /// The input.
        path: String,
        /// The compression.
        compression: Compression,
    },
    /// A step back in an input that only goes forward.
    #[error("`{path}` can only be read forward: byte {offset} is before byte {at}; open it again")]
    Backward {
        /// The input.
        path: String,
        /// The offset at which reading should go on.
        offset: u64,
        /// The offset at which it stands.
        at: u64,
    },
    /// A name that is no format.
    #[error("`{name}` is not a format; use one of: {known}")]
    UnknownFormat {
        /// The name.
        name: String,
        /// The formats that exist.
        known: String,
    },
    /// An input in no known format.
    #[error("cannot tell the format of {input}: it begins with {seen}; name one of: {known}")]
    Undetected {
        /// The input.
        input: String,
        /// The beginning.
        seen: String,
        /// The formats that exist.
        known: String,
    },
    /// An input without any record to tell a format by.
    #[error("cannot tell the format of {input}: it is empty; name one of: {known}")]
    Empty {
        /// The input.
        input: String,
        /// The formats that exist.
        known: String,
    },
    /// A name that is no reason.
    #[error("`{0}` is not a reason of a dead letter; a newer version may have written it")]
    UnknownReason(String),
    /// A dead letter that cannot be read.
    #[error("`{path}`, line {line}: not a dead letter ({problem}); remove the line or take the file from a backup")]
    BadDeadLetter {
        /// The file.
        path: String,
        /// The line, from 1.
        line: u64,
        /// The problem.
        problem: String,
    },
    /// Dead letters that cannot be written.
    #[error("cannot write dead letters to `{path}`: {source}; check free space and permissions, then resume")]
    WriteDeadLetters {
        /// The file.
        path: String,
        /// The system's words.
        source: io::Error,
    },
    /// A file of dead letters shorter than a checkpoint says.
    #[error(
        "`{path}` has {size} bytes of dead letters where the checkpoint has {wanted}; restore the file or start anew"
    )]
    LostDeadLetters {
        /// The file.
        path: String,
        /// The length.
        size: u64,
        /// The length that was recorded.
        wanted: u64,
    },
}
