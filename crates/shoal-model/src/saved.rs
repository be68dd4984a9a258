//! States that an earlier version of the program saved, read by this one.
//!
//! A field that was added later says since which version of the state it is there:
//!
//! ```
//! # use serde::Deserialize;
//! # use shoal_model::saved::since;
//! #[derive(Deserialize)]
//! struct Author {
//!     id: String,
//!     #[serde(default, deserialize_with = "since::<4, _, _>")]
//!     app: Option<String>,
//! }
//! ```
//!
//! Within [`reading`] a state of version 3 the field takes its default and reads no byte. `serde(default)` is for JSON,
//! where the key may be absent.

use std::cell::Cell;

use serde::{Deserialize, Deserializer};

thread_local! {
    /// The version of the state that is being read; the newest where none is.
    static VERSION: Cell<u32> = const { Cell::new(u32::MAX) };
}

/// Reads a state that was written by `version` of the state format.
pub fn reading<R>(version: u32, read: impl FnOnce() -> R) -> R {
    let before = VERSION.replace(version);
    let result = read();
    VERSION.set(before);
    result
}

/// `true` while a state is read that is older than `version`.
pub fn is_before(version: u32) -> bool {
    VERSION.get() < version
}

/// Deserializes a field that states have since `VERSION`. In an older state it is not there: nothing is read, and the
/// field has its default.
pub fn since<'de, const VERSION: u32, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    if is_before(VERSION) { Ok(T::default()) } else { T::deserialize(deserializer) }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;
    use crate::{Interned, interned};

    #[derive(Debug, Clone, PartialEq, Serialize)]
    struct Before {
        id: String,
        count: u64,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct After {
        id: String,
        #[serde(default, deserialize_with = "since::<4, _, _>")]
        app: Option<String>,
        count: u64,
        #[serde(default, deserialize_with = "since::<4, _, _>")]
        hashes: Vec<u64>,
        #[serde(default, deserialize_with = "since::<5, _, _>")]
        newest: bool,
    }

    fn before(id: &str) -> Before {
        Before { id: id.to_owned(), count: 7 }
    }

    fn upgraded(id: &str) -> After {
        After { id: id.to_owned(), app: None, count: 7, hashes: Vec::new(), newest: false }
    }

    #[test]
    fn a_field_that_an_older_state_lacks_reads_no_byte_and_has_its_default() {
        let bytes = postcard::to_allocvec(&vec![before("a"), before("b")]).unwrap();
        let read: Vec<After> = reading(3, || postcard::from_bytes(&bytes)).unwrap();
        assert_eq!(read, [upgraded("a"), upgraded("b")]);
        assert!(postcard::from_bytes::<Vec<After>>(&bytes).is_err());
    }

    #[test]
    fn each_field_is_there_since_its_own_version() {
        #[derive(Serialize)]
        struct Fourth(&'static str, Option<&'static str>, u64, Vec<u64>);
        let bytes = postcard::to_allocvec(&Fourth("a", Some("app"), 7, vec![1, 2])).unwrap();
        let read: After = reading(4, || postcard::from_bytes(&bytes)).unwrap();
        assert_eq!(read, After { app: Some("app".to_owned()), hashes: vec![1, 2], ..upgraded("a") });
    }

    #[test]
    fn a_state_of_this_version_and_json_are_read_whole() {
        let whole = After { app: Some("app".to_owned()), hashes: vec![9], newest: true, ..upgraded("a") };
        let bytes = postcard::to_allocvec(&whole).unwrap();
        assert_eq!(postcard::from_bytes::<After>(&bytes).unwrap(), whole);
        assert_eq!(reading(5, || postcard::from_bytes::<After>(&bytes)).unwrap(), whole);
        let text = serde_json::to_string(&whole).unwrap();
        assert_eq!(serde_json::from_str::<After>(&text).unwrap(), whole);
        assert_eq!(serde_json::from_str::<After>(r#"{"id":"a","count":7}"#).unwrap(), upgraded("a"));
        assert_eq!(reading(3, || serde_json::from_str::<After>(r#"{"id":"a","count":7}"#)).unwrap(), upgraded("a"));
    }

    #[test]
    fn shared_values_of_an_older_state_are_read_and_shared_again() {
        let value = Interned::new(before("a"));
        let bytes = interned::writing(|| postcard::to_allocvec(&[value.clone(), value]).unwrap());
        let read: [Interned<After>; 2] = reading(3, || interned::reading(|| postcard::from_bytes(&bytes))).unwrap();
        assert_eq!(*read[0], upgraded("a"));
        assert!(Interned::ptr_eq(&read[0], &read[1]));
    }
}
