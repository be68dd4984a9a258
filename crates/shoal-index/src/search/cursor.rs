//! Cursors: the end of a page, from which the next one goes on whatever arrived meanwhile.

use sha2::{Digest, Sha256};

use crate::Error;

/// The version of cursors. Raised whenever they are read differently.
const VERSION: u8 = 1;

/// Bytes of what distinguishes the index, the question and a damaged cursor.
const TAG: usize = 8;

/// The scope of a cursor: an index and a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CursorScope {
    index: [u8; TAG],
    question: [u8; TAG],
}

impl CursorScope {
    /// The scope of a request in its normal form, put to the index `id`.
    pub(super) fn new(id: &str, question: &str) -> Self {
        Self { index: tag(&[b"index", id.as_bytes()]), question: tag(&[b"question", question.as_bytes()]) }
    }

    /// A cursor after the document with this sort value and this name.
    pub(super) fn cursor(self, value: u64, name: &[u8]) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(self.index);
        bytes.extend(self.question);
        bytes.extend(value.to_be_bytes());
        bytes.extend(name);
        bytes.extend(tag(&[&bytes]));
        let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
        bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }

    /// The sort value and the name in a cursor.
    pub(super) fn read(self, cursor: &str) -> Result<(u64, Vec<u8>), Error> {
        let damaged = || refused("it is damaged or made up");
        let bytes = bytes(cursor).ok_or_else(damaged)?;
        let (body, check) = bytes.split_last_chunk::<TAG>().ok_or_else(damaged)?;
        if tag(&[body]) != *check {
            return Err(damaged());
        }
        let (version, rest) = body.split_first().ok_or_else(damaged)?;
        if *version != VERSION {
            return Err(refused("another version made it"));
        }
        let (index, rest) = rest.split_first_chunk::<TAG>().ok_or_else(damaged)?;
        let (question, rest) = rest.split_first_chunk::<TAG>().ok_or_else(damaged)?;
        let (value, name) = rest.split_first_chunk::<8>().ok_or_else(damaged)?;
        if *index != self.index {
            return Err(refused("it belongs to another index"));
        }
        if *question != self.question {
            return Err(refused("it belongs to another question"));
        }
        Ok((u64::from_be_bytes(*value), name.to_vec()))
    }
}

/// A refusal of a cursor, and why.
pub(super) fn refused(why: &str) -> Error {
    Error::InvalidRequest {
        field: "cursor",
        problem: format!("the cursor cannot be used: {why}"),
        remedy: "ask again without it, for the first page".into(),
    }
}

fn tag(parts: &[&[u8]]) -> [u8; TAG] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    std::array::from_fn(|at| digest[at])
}

/// The bytes that hexadecimal digits stand for, at most 1,000.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).filter(|_| !byte.is_ascii_uppercase());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() || pairs.len() > 1_000 {
        return None;
    }
    pairs.iter().map(|[high, low]| Some((digit(high)? << 4 | digit(low)?) as u8)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cursor_is_of_one_index_and_one_question() {
        let origin = CursorScope::new("one", "a b");
        let cursor = origin.cursor(7, b"name");
        assert_eq!(origin.read(&cursor).unwrap(), (7, b"name".to_vec()));
        for (other, why) in
            [(CursorScope::new("two", "a b"), "another index"), (CursorScope::new("one", "a"), "another question")]
        {
            let told = other.read(&cursor).unwrap_err();
            assert!(matches!(told, Error::InvalidRequest { field: "cursor", .. }), "{told}");
            assert!(told.to_string().contains(why), "{told}");
        }
    }

    proptest! {
        #[test]
        fn what_is_damaged_is_refused(value in any::<u64>(), name in prop::collection::vec(any::<u8>(), 0..20), at in any::<prop::sample::Index>(), digit in "[0-9a-zA-Z:é]") {
            let origin = CursorScope::new("one", "a");
            let cursor = origin.cursor(value, &name);
            prop_assert_eq!(origin.read(&cursor).unwrap(), (value, name));
            let at = at.index(cursor.len());
            let mut damaged = cursor.clone();
            damaged.replace_range(at..=at, &digit);
            prop_assert!(damaged == cursor || origin.read(&damaged).is_err());
            damaged.truncate(at);
            prop_assert!(origin.read(&damaged).is_err());
        }

        #[test]
        fn anything_is_refused(text in any::<String>()) {
            prop_assert!(CursorScope::new("one", "a").read(&text).is_err());
        }
    }
}
