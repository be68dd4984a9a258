//! Sources of bytes: files, pipes, and what is inside compressed ones.

use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;

use crate::{Compression, Error};

/// The most that a zstd frame may make the decompressor remember: 2^27 bytes, 128 MiB.
const ZSTD_WINDOW_LOG: u32 = 27;

/// The number of bytes that tell every compression.
const MAGIC_BYTES: usize = 10;

/// The number of bytes of a compressed input that are read at once.
const COMPRESSED_CHUNK: usize = 128 << 10;

/// The decompressed bytes of an input.
pub(super) enum ByteSource {
    /// A regular file that is not compressed: the only source that can go back and grow.
    File(File),
    /// Anything else.
    Stream(Box<dyn Read + Send>, Compression),
}

impl ByteSource {
    pub(super) const fn compression(&self) -> Compression {
        match self {
            Self::File(_) => Compression::None,
            Self::Stream(_, compression) => *compression,
        }
    }

    pub(super) const fn file(&self) -> Option<&File> {
        match self {
            Self::File(file) => Some(file),
            Self::Stream(..) => None,
        }
    }
}

impl Read for ByteSource {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Stream(stream, _) => stream.read(buffer),
        }
    }
}

/// `true` for the path that stands for the standard input.
pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Opens an input and looks through its compression.
pub(super) fn open(path: &Path, name: &str) -> Result<ByteSource, Error> {
    let failed = |source| Error::Open { path: name.to_owned(), source };
    if is_stdin(path) {
        return stream(io::stdin()).map_err(failed);
    }
    let file = open_file(path, name)?;
    if file.metadata().map_err(failed)?.is_file() { regular(file) } else { stream(file) }.map_err(failed)
}

/// Opens a file that is not a directory.
pub(super) fn open_file(path: &Path, name: &str) -> Result<File, Error> {
    let failed = |source| Error::Open { path: name.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(Error::Directory { path: name.to_owned() });
    }
    Ok(file)
}

fn regular(mut file: File) -> io::Result<ByteSource> {
    let (_, compression) = magic(&mut file)?;
    file.seek(SeekFrom::Start(0))?;
    match compression {
        Compression::None => Ok(ByteSource::File(file)),
        compression => decompress(file, compression),
    }
}

fn stream(mut input: impl Read + Send + 'static) -> io::Result<ByteSource> {
    let (first, compression) = magic(&mut input)?;
    decompress(Cursor::new(first).chain(input), compression)
}

fn decompress(input: impl Read + Send + 'static, compression: Compression) -> io::Result<ByteSource> {
    let stream: Box<dyn Read + Send> = match compression {
        Compression::None => Box::new(input),
        Compression::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(COMPRESSED_CHUNK, input))),
        Compression::Bzip2 => Box::new(MultiBzDecoder::new(BufReader::with_capacity(COMPRESSED_CHUNK, input))),
        Compression::Zstd => {
            let mut decoder = zstd::Decoder::new(input)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            Box::new(decoder)
        }
    };
    Ok(ByteSource::Stream(stream, compression))
}

/// Reads the first bytes of an input and tells its compression by them. Reads no more than one byte when that already
/// tells: a live pipe may have nothing more for now.
fn magic(input: &mut impl Read) -> io::Result<(Vec<u8>, Compression)> {
    let mut first = Vec::with_capacity(MAGIC_BYTES);
    while first.len() < MAGIC_BYTES && may_be_compressed(&first) {
        let mut byte = [0];
        match input.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => first.extend(byte),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let compression = compression_of(&first);
    Ok((first, compression))
}

/// `true` while the first bytes of an input, or none yet, leave open whether it is compressed.
fn may_be_compressed(first: &[u8]) -> bool {
    matches!(first, [] | [0x1f | 0x28 | 0x50..=0x5f | b'B', ..])
}

fn compression_of(first: &[u8]) -> Compression {
    match first {
        [0x1f, 0x8b, 8, ..] => Compression::Gzip,
        // A frame, or one of sixteen kinds of frame to be skipped.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
        // A first block, or the end of an empty stream: digits of π or of its square root, so no text by chance.
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59]
        | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90] => Compression::Bzip2,
        _ => Compression::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_is_told_by_the_first_bytes() {
        for (first, compression) in [
            (&b"\x1f\x8b\x08\0\0\0\0\0\0\x03"[..], Compression::Gzip),
            (b"\x28\xb5\x2f\xfd\0\0\0\0\0\0", Compression::Zstd),
            (b"\x5a\x2a\x4d\x18\x04\0\0\0ab", Compression::Zstd),
            (b"BZh91AY&SY", Compression::Bzip2),
            (b"BZh9\x17\x72\x45\x38\x50\x90", Compression::Bzip2),
            (b"BZh91 is a name", Compression::None),
            (b"{\"id\":\"1\"", Compression::None),
            (b"\x1f", Compression::None),
            (b"", Compression::None),
        ] {
            let (read, found) = magic(&mut &first[..first.len().min(MAGIC_BYTES)]).unwrap();
            assert_eq!(found, compression, "{first:?}");
            assert!(first.starts_with(&read));
        }
    }

    #[test]
    fn a_live_pipe_is_not_waited_for() {
        let (read, _) = magic(&mut &b"{}\n"[..]).unwrap();
        assert_eq!(read, b"{");
    }
}
