use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::BoundarySearch;

/// A folder with one file in it.
struct Input {
    folder: TempDir,
}

impl Input {
    fn new(bytes: &[u8]) -> Self {
        let input = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(input.path(), bytes).unwrap();
        input
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("posts")
    }

    fn open(&self) -> Reader {
        Reader::open(self.path(), &Limits { record_bytes: 1_000, kept_bytes: 5, ..Limits::default() }).unwrap()
    }

    fn append(&self, bytes: &[u8]) {
        OpenOptions::new().append(true).open(self.path()).unwrap().write_all(bytes).unwrap();
    }
}

/// A record with its bytes.
type Item = (u64, u64, RecordKind, Vec<u8>);

fn next(reader: &mut Reader) -> Result<Option<Item>, Error> {
    let mut line = b"leftover".to_vec();
    Ok(reader.next(&mut line)?.map(|record| (record.offset, record.number, record.kind, line)))
}

fn all(reader: &mut Reader) -> Result<Vec<Item>, Error> {
    let mut items = Vec::new();
    while let Some(item) = next(reader)? {
        items.push(item);
    }
    Ok(items)
}

fn whole(offset: u64, number: u64, line: &str) -> Item {
    (offset, number, RecordKind::Whole, line.as_bytes().to_vec())
}

/// A thousand lines that do not compress to nothing.
fn thousand_lines() -> Vec<u8> {
    let number = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (0..1_000).flat_map(|n| format!("{n} {:x}{:x}\n", number(n), number(n + 7)).into_bytes()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// With a checksum, as the command-line tool writes it.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

type Compress = fn(&[u8]) -> Vec<u8>;

const COMPRESSORS: [(Compression, Compress); 3] =
    [(Compression::Gzip, gzip), (Compression::Zstd, zstd), (Compression::Bzip2, bzip2)];

#[test]
fn lines_have_their_places() {
    let input = Input::new(b"\xef\xbb\xbfone\r\n\n \t\r\ntwo\n\r\nthree");
    let mut reader = input.open();
    let items = all(&mut reader).unwrap();
    let last = (19, 2, RecordKind::Unterminated, b"three".to_vec());
    assert_eq!(items, [whole(3, 0, "one"), whole(13, 1, "two"), last]);
    assert_eq!(next(&mut reader).unwrap(), None);
    assert_eq!(reader.position(), Position { offset: 24, record: 3 });
}

#[test]
fn inputs_without_records() {
    for bytes in [&b""[..], b"\n", b"\xef\xbb\xbf", b"\r\n  \n\t", b" "] {
        assert_eq!(all(&mut Input::new(bytes).open()).unwrap(), []);
    }
}

#[test]
fn oversized_lines_are_reported_and_passed() {
    for long in [1_001, 1_002, 65_000, 65_536, 300_000] {
        let line = "x".repeat(long);
        let text = format!("a\n{line}\nb\n{line}");
        let items = all(&mut Input::new(text.as_bytes()).open()).unwrap();
        let long = long as u64;
        let kind = RecordKind::Oversized { length: long };
        let kept = b"xxxxx".to_vec();
        let end = 2 + long + 1;
        assert_eq!(items, [whole(0, 0, "a"), (2, 1, kind, kept.clone()), whole(end, 2, "b"), (end + 2, 3, kind, kept)]);
    }
    // A carriage return does not count.
    let line = "x".repeat(1_000);
    assert_eq!(all(&mut Input::new(format!("{line}\r\n").as_bytes()).open()).unwrap(), [whole(0, 0, &line)]);
}

#[test]
fn compressed_inputs_of_any_number_of_parts() {
    let lines = thousand_lines();
    let plain = all(&mut Input::new(&lines).open()).unwrap();
    for (compression, compress) in COMPRESSORS {
        let (first, second) = lines.split_at(12_345);
        let bytes = [compress(first), compress(b""), compress(second)].concat();
        let mut reader = Input::new(&bytes).open();
        assert_eq!(reader.compression(), compression);
        assert_eq!(all(&mut reader).unwrap(), plain, "{compression}");
        assert_eq!(all(&mut Input::new(&compress(b"")).open()).unwrap(), [], "{compression}");
    }
}

#[test]
fn damage_is_reported_after_what_lies_before() {
    let lines = thousand_lines();
    let plain = all(&mut Input::new(&lines).open()).unwrap();
    for (compression, compress) in COMPRESSORS {
        let one = compress(&lines);
        let cut = one[..one.len() - 5].to_vec();
        let cut_in_second = [&one[..], &one[..one.len() / 2]].concat();
        let mut flipped = [&one[..], &one[..]].concat();
        flipped[one.len() + one.len() / 2] ^= 0x55;
        let garbage = [&one[..], b"and something else entirely"].concat();
        for (what, bytes, whole) in [
            ("cut", cut, 0),
            ("cut in its second part", cut_in_second, 1_000),
            ("flipped", flipped, 1_000),
            ("followed by garbage", garbage, 1_000),
        ] {
            let mut reader = Input::new(&bytes).open();
            let mut items = Vec::new();
            let error = loop {
                match next(&mut reader) {
                    Ok(item) => items.push(item.unwrap_or_else(|| panic!("{compression}, {what}: no error"))),
                    Err(error) => break error,
                }
            };
            assert!(items.len() >= whole, "{compression}: {}", items.len());
            assert_eq!(items[..whole], plain[..whole]);
            assert!(matches!(error, Error::Damaged { .. }), "{error}");
            assert!(error.to_string().contains("is half-written or damaged"), "{error}");
            // Whoever goes on gets the unfinished line and then the end.
            let rest = all(&mut reader).unwrap();
            assert!(rest.len() <= 1 && rest.iter().all(|item| item.2 == RecordKind::Unterminated));
        }
    }
}

#[test]
fn a_cut_file_gives_all_that_can_be_decompressed() {
    let lines = thousand_lines();
    let plain = all(&mut Input::new(&lines).open()).unwrap();
    for (compress, least) in [(gzip as Compress, 400), (zstd, 0)] {
        let one = compress(&lines);
        let mut reader = Input::new(&one[..one.len() / 2]).open();
        let mut items = Vec::new();
        while let Ok(Some(item)) = next(&mut reader) {
            items.push(item);
        }
        assert!(items.len() >= least && items.len() < 1_000, "{}", items.len());
        assert_eq!(items[..], plain[..items.len()]);
    }
}

#[test]
fn a_zstd_window_beyond_the_bound_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(28).unwrap();
    encoder.include_contentsize(false).unwrap();
    encoder.write_all(b"a\n").unwrap();
    let mut reader = Input::new(&encoder.finish().unwrap()).open();
    assert!(matches!(next(&mut reader), Err(Error::Damaged { compression: Compression::Zstd, .. })));
}

#[test]
fn inputs_that_cannot_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: PathBuf| Reader::open(path, &Limits::default()).err().unwrap().to_string();
    let message = open(folder.path().join("none"));
    assert!(message.contains("cannot open `") && message.contains("check the path"), "{message}");
    let message = open(folder.path().to_owned());
    assert!(message.contains("is a directory; name the files in it"), "{message}");
}

#[test]
fn a_resumed_reader_goes_on_where_the_other_stood() {
    let lines = [&b"\xef\xbb\xbf\r\n"[..], &thousand_lines(), &[b'y'; 2_000], b"\nlast"].concat();
    let plain: (Compression, Compress) = (Compression::None, <[u8]>::to_vec);
    for (_, compress) in COMPRESSORS.into_iter().chain([plain]) {
        let input = Input::new(&compress(&lines));
        let mut first = input.open();
        for records in [0, 1, 500, 499, 1, 1] {
            for _ in 0..records {
                next(&mut first).unwrap().unwrap();
            }
            let position = first.position();
            let mut second = input.open();
            second.skip_to(position).unwrap();
            assert_eq!(second.position(), position);
            let mut third = input.open();
            third.skip_to(position).unwrap();
            next(&mut third).unwrap();
            let expected = all(&mut second).unwrap();
            assert_eq!(expected.len() as u64, 1_002 - position.record);
            assert_eq!(all(&mut third).unwrap()[..], expected[1.min(expected.len())..]);
        }
    }
}

#[test]
fn a_position_beyond_the_end_is_an_error() {
    for bytes in [b"a\nb\n".to_vec(), gzip(b"a\nb\n")] {
        let mut reader = Input::new(&bytes).open();
        let message = reader.skip_to(Position { offset: 10, record: 5 }).unwrap_err().to_string();
        assert!(message.contains("ends at byte 4, before byte 10"), "{message}");
    }
    let mut reader = Input::new(&gzip(b"a\nb\n")).open();
    next(&mut reader).unwrap();
    assert!(matches!(reader.skip_to(Position::default()), Err(Error::Backward { offset: 0, at: 2, .. })));
}

#[test]
fn a_file_is_followed_while_it_grows() {
    let input = Input::new(b"");
    let mut reader = input.open();
    reader.follow(true).unwrap();
    assert_eq!(next(&mut reader).unwrap(), None);
    input.append(b"\xef");
    assert_eq!(next(&mut reader).unwrap(), None);
    input.append(b"\xbb\xbfon");
    assert_eq!(next(&mut reader).unwrap(), None);
    assert_eq!(reader.position(), Position { offset: 3, record: 0 });
    input.append(b"e\ntwo");
    assert_eq!(next(&mut reader).unwrap(), Some(whole(3, 0, "one")));
    assert_eq!(next(&mut reader).unwrap(), None);
    input.append(&[b'x'; 1_500]);
    assert_eq!(next(&mut reader).unwrap(), None);
    assert_eq!(reader.position(), Position { offset: 7, record: 1 });
    input.append(b"\nthree");
    let oversized = RecordKind::Oversized { length: 1_503 };
    assert_eq!(next(&mut reader).unwrap(), Some((7, 1, oversized, b"twoxx".to_vec())));
    assert_eq!(next(&mut reader).unwrap(), None);
    reader.follow(false).unwrap();
    assert_eq!(next(&mut reader).unwrap(), Some((1_511, 2, RecordKind::Unterminated, b"three".to_vec())));
    // A reader that has ended stays so, until it is told to follow.
    input.append(b"\nfour\n");
    assert_eq!(next(&mut reader).unwrap(), None);
    reader.follow(true).unwrap();
    assert_eq!(next(&mut reader).unwrap(), Some(whole(1_517, 3, "four")));
    fs::write(input.path(), b"anew\n").unwrap();
    assert!(matches!(next(&mut reader), Err(Error::Shrunk { .. })));
    let message = Input::new(&gzip(b"a\n")).open().follow(true).unwrap_err().to_string();
    assert!(message.contains("is gzip and cannot be followed"), "{message}");
}

#[test]
fn the_format_is_told_without_consuming() {
    let record = r#"{"id":"1","platform":"x","author":"a","ts":"2015-01-31T08:00:00Z","text":"t"}"#;
    let text = format!("broken\n{record}\n");
    for bytes in [text.as_bytes().to_vec(), zstd(text.as_bytes())] {
        let mut reader = Input::new(&bytes).open();
        assert_eq!(reader.detect().unwrap(), Format::NATIVE);
        assert_eq!(reader.position(), Position::default());
        assert_eq!(all(&mut reader).unwrap().len(), 2);
    }
    let input = Input::new(b"a,b\n1,2\n");
    let message = input.open().detect().unwrap_err().to_string();
    assert!(message.contains("/posts`: it begins with `a,b`"), "{message}");
    // A failure met on the way is not lost.
    let mut cut = gzip(format!("{record}\n").repeat(3).as_bytes());
    cut.truncate(cut.len() - 4);
    let mut reader = Input::new(&cut).open();
    let _ = reader.detect();
    let mut items = 0;
    while let Ok(item) = next(&mut reader) {
        items += usize::from(item.expect("the failure").2 == RecordKind::Whole);
    }
    assert_eq!(items, 3);
}

#[test]
#[cfg(target_os = "linux")]
fn a_live_pipe_is_read_as_it_comes() {
    use std::os::fd::AsRawFd;

    let record = r#"{"id":"1","platform":"x","author":"a","ts":"2015-01-31T08:00:00Z","text":"t"}"#;
    let (output, mut input) = io::pipe().unwrap();
    let path = format!("/proc/self/fd/{}", output.as_raw_fd());
    // Were anything waited for beyond what was written, this test would not end.
    input.write_all(record.as_bytes()).unwrap();
    input.write_all(b"\n").unwrap();
    let mut reader = Reader::open(&path, &Limits::default()).unwrap();
    reader.follow(true).unwrap();
    assert_eq!(reader.detect().unwrap(), Format::NATIVE);
    assert_eq!(next(&mut reader).unwrap(), Some(whole(0, 0, record)));
    let identity = reader.identity().unwrap();
    assert_eq!((identity.size, identity.checked), (0, 0));
    identity.verify(&path).unwrap();
    input.write_all(b"a\nb").unwrap();
    drop(input);
    let offset = record.len() as u64 + 1;
    reader.skip_to(Position { offset: offset + 2, record: 2 }).unwrap();
    assert_eq!(next(&mut reader).unwrap(), Some((offset + 2, 2, RecordKind::Unterminated, b"b".to_vec())));
    assert_eq!(next(&mut reader).unwrap(), None);
}

/// JSON objects, in an array or one after another, over any number of lines.
struct Objects;

impl Framing for Objects {
    fn boundary(&self, unread: &[u8], search: &mut BoundarySearch) -> Option<Boundary> {
        const IN_STRING: u64 = 1 << 32;
        const ESCAPED: u64 = 1 << 33;
        let between = unread.iter().take_while(|byte| **byte != b'{').count();
        if between > 0 && *search == BoundarySearch::default() {
            return Some(Boundary { length: 0, end: between });
        }
        for (at, byte) in unread.iter().enumerate().skip(search.searched) {
            let note = &mut search.note;
            search.searched = at + 1;
            match byte {
                _ if *note & ESCAPED != 0 => *note &= !ESCAPED,
                b'\\' if *note & IN_STRING != 0 => *note |= ESCAPED,
                b'"' => *note ^= IN_STRING,
                _ if *note & IN_STRING != 0 => {}
                b'{' => *note += 1,
                b'}' => *note -= 1,
                _ => {}
            }
            if *note == 0 {
                return Some(Boundary { length: at + 1, end: at + 1 });
            }
        }
        None
    }
}

#[test]
fn a_file_that_is_one_array_is_cut_into_its_objects() {
    let object = |n: usize| match n {
        7 => format!("{{\n  \"n\": {n}, \"long\": \"{}\"\n}}", "}{,".repeat(60_000)),
        _ => format!("{{\n  \"n\": {n},\n  \"text\": \"a }} \\\" \\\\\",\n  \"in\": {{}}\n}}"),
    };
    let objects: Vec<String> = (0..3_000).map(object).collect();
    let text = format!("\u{feff}[\n{}\n]\n", objects.join(" ,\n"));
    for bytes in [text.clone().into_bytes(), gzip(text.as_bytes())] {
        let input = Input::new(&bytes);
        let mut reader = input.open();
        reader.cut_by(&Objects);
        let mut positions = Vec::new();
        let mut items = Vec::new();
        loop {
            positions.push(reader.position());
            match next(&mut reader).unwrap() {
                Some(item) => items.push(item),
                None => break,
            }
        }
        assert_eq!(items.len(), objects.len());
        for (object, (number, item)) in objects.iter().zip((0..).zip(&items)) {
            assert_eq!(item.1, number);
            assert!(text.as_bytes()[item.0 as usize..].starts_with(object.as_bytes()), "{number}");
            match number {
                7 => assert_eq!((item.2, item.3.len()), (RecordKind::Oversized { length: object.len() as u64 }, 5)),
                _ => assert_eq!((item.2, item.3.as_slice()), (RecordKind::Whole, object.as_bytes())),
            }
        }
        for start in [0, 1, 7, 8, 2_999, 3_000] {
            let mut resumed = input.open();
            resumed.cut_by(&Objects);
            resumed.skip_to(positions[start]).unwrap();
            assert_eq!(all(&mut resumed).unwrap(), items[start..]);
        }
    }
    // A file that was cut gives what is left of the last object.
    let cut = Input::new(&text.as_bytes()[..text.len() - 10]);
    let mut reader = cut.open();
    reader.cut_by(&Objects);
    let last = all(&mut reader).unwrap().pop().unwrap();
    assert_eq!((last.1, last.2), (2_999, RecordKind::Unterminated));
}
