//! Texts of posts, made comparable.
//!
//! [`fold`] maps a text to the *matching view*: texts that read the same, or were disguised to look the same, fold
//! to the same symbols. [`shingles`] turns the view into a set of hashes that a sketch can compare. [`entities`], [`canonical_url`] and [`hashtag_sequence`] give the other objects that accounts act on,
//! and a [`LanguageDetector`] says what language a text is in.
//!
//! Everything is a plain function of its input: no clock, no I/O, no randomness; hash seeds are the caller's.

mod canonical;
mod entities;
mod fold;
mod language;
mod links;
mod scan;
mod shingle;

pub use canonical::{CanonicalUrl, MAX_URL_BYTES, canonical_url};
pub use entities::{Entities, address_ranges, entities, hashtag_sequence, is_word_char, strip_repost_prefix};
pub use fold::{Folded, MAX_SYMBOLS_PER_BYTE, fold};
pub use language::{DEFAULT_LANGUAGE_CACHE, Language, LanguageDetector, UNDETERMINED};
pub use shingle::{MAX_SHINGLE, shingles};
