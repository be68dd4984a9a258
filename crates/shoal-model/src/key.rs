//! Keys: 64-bit keyed hashes that stand for accounts, posts, texts and objects. A type each, so that none passes for
//! another. They are written as numbers, and as 16 hexadecimal digits where a person reads them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// The key that is this number.
            pub const fn from_raw(raw: u64) -> Self {
                Self(raw)
            }

            /// The key as a number.
            pub const fn raw(self) -> u64 {
                self.0
            }
        }

        impl From<$name> for u64 {
            fn from(key: $name) -> Self {
                key.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:016x}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(digits: &str) -> Result<Self, Error> {
                parse(digits).map(Self)
            }
        }
    )+};
}

keys! {
    /// The key of an account: a hash of its id.
    AccountKey,
    /// The key of a post: a hash of its account's key and its id.
    PostKey,
    /// The key of a folded text: texts that look the same have the same.
    TextKey,
    /// The key of an object: a hash of its layer and identity.
    ObjectKey,
}

fn parse(digits: &str) -> Result<u64, Error> {
    let is_key = digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let key = is_key.then(|| u64::from_str_radix(digits, 16).ok()).flatten();
    key.ok_or_else(|| Error::Key(digits.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_as_sixteen_digits_and_read_again() {
        let key = ObjectKey::from_raw(0xbeef);
        assert_eq!(key.to_string(), "000000000000beef");
        assert_eq!(key.to_string().parse(), Ok(key));
        for text in ["", "beef", "+00000000000beef", "00000000000000beef", "000000000000beeg", "ä00000000000000"] {
            assert_eq!(text.parse::<ObjectKey>(), Err(Error::Key(text.to_owned())));
        }
    }

    #[test]
    fn a_key_is_serialized_as_its_number() {
        assert_eq!(serde_json::to_string(&TextKey::from_raw(7)).unwrap(), "7");
        assert_eq!(serde_json::from_str::<TextKey>("7").unwrap(), TextKey::from_raw(7));
    }
}
