//! Keys: 64-bit keyed hashes that stand for ids, texts and objects.
//!
//! SipHash-1-3 (Aumasson and Bernstein 2012) under the deployment's seed: strangers who do not know the seed
//! cannot craft collisions, and by chance two of a hundred million ids collide with probability 0.0003.

use std::collections::VecDeque;
use std::hash::{BuildHasherDefault, Hasher};

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use shoal_model::{Layer, Timestamp};
use siphasher::sip::SipHasher13;

/// Makes keys under one seed.
#[derive(Debug, Clone, Copy)]
pub struct Keyer {
    seed: u64,
}

/// What a key stands for: equal bytes in different domains have different keys.
#[derive(Debug, Clone, Copy)]
enum Domain {
    Account = 1,
    Post = 2,
    Text = 3,
    Pair = 4,
    Object = 16,
}

impl Keyer {
    /// Keys under `seed`.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    fn hasher(self, domain: u8) -> SipHasher13 {
        SipHasher13::new_with_keys(self.seed, u64::from(domain))
    }

    /// The key of an account id.
    pub fn account(self, id: &str) -> u64 {
        let mut hasher = self.hasher(Domain::Account as u8);
        hasher.write(id.as_bytes());
        hasher.finish()
    }

    /// The key of a post: ids are unique per account, not between accounts that may lie.
    pub fn post(self, account: u64, id: &str) -> u64 {
        let mut hasher = self.hasher(Domain::Post as u8);
        hasher.write_u64(account);
        hasher.write(id.as_bytes());
        hasher.finish()
    }

    /// The key of a folded text.
    pub fn text(self, symbols: &[char]) -> u64 {
        let mut hasher = self.hasher(Domain::Text as u8);
        for symbol in symbols {
            hasher.write_u32(*symbol as u32);
        }
        hasher.finish()
    }

    /// The key of an object of `layer` that is identified by `bytes`.
    pub fn object(self, layer: Layer, bytes: &[u8]) -> u64 {
        let mut hasher = self.hasher(Domain::Object as u8 + layer.index() as u8);
        hasher.write(bytes);
        hasher.finish()
    }

    /// The object of `layer` that stands for a text, itself a key.
    pub fn text_object(self, layer: Layer, text: u64) -> u64 {
        let mut hasher = self.hasher(Domain::Object as u8 + 8 + layer.index() as u8);
        hasher.write_u64(text);
        hasher.finish()
    }

    /// A name of 32 hexadecimal digits for the group whose first edge joins these accounts at this time.
    pub fn group(self, accounts: [&str; 2], at: Timestamp) -> String {
        let half = |part: u8| {
            let mut hasher = self.hasher(Domain::Pair as u8 + part);
            for account in accounts {
                hasher.write(account.as_bytes());
                hasher.write_u8(0xff);
            }
            hasher.write_i64(at.micros());
            hasher.finish()
        };
        format!("{:016x}{:016x}", half(0), half(8))
    }
}

/// Passes a key through: it is a hash already.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, key: u64) {
        // The multiplication only matters for keys made of two: their mix must not cancel out.
        self.0 = self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) ^ key;
    }

    fn write_usize(&mut self, _length: usize) {}
}

/// A map by key. Never iterated where the order could show.
pub(crate) type KeyMap<V> = HashMap<u64, V, BuildHasherDefault<KeyHasher>>;

/// A map by pair of keys, the smaller first.
pub(crate) type PairMap<V> = HashMap<(u64, u64), V, BuildHasherDefault<KeyHasher>>;

/// A set of keys.
pub(crate) type KeySet = hashbrown::HashSet<u64, BuildHasherDefault<KeyHasher>>;

/// Remembers, by the hour, which entries of a map may have to be forgotten, so that forgetting costs a constant
/// per touch and happens at moments that depend on event time alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Expiry<K> {
    hours: VecDeque<(i64, Vec<K>)>,
}

impl<K> Default for Expiry<K> {
    fn default() -> Self {
        Self { hours: VecDeque::new() }
    }
}

/// The hour of event time that a moment lies in.
pub(crate) fn hour(at: Timestamp) -> i64 {
    at.micros().div_euclid(3_600_000_000)
}

impl<K> Expiry<K> {
    /// Remembers that `key` was touched in the hour of `at`, which never goes back. Call once an hour for a key.
    pub(crate) fn touch(&mut self, key: K, at: Timestamp) {
        let now = hour(at);
        match self.hours.back_mut() {
            Some((last, keys)) if *last >= now => keys.push(key),
            _ => self.hours.push_back((now, vec![key])),
        }
    }

    /// Takes the keys last seen in an hour that was over before `before`; `None` when there are no more.
    pub(crate) fn take_before(&mut self, before: Timestamp) -> Option<Vec<K>> {
        if self.hours.front()?.0 >= hour(before) {
            return None;
        }
        self.hours.pop_front().map(|(_, keys)| keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_depend_on_seed_and_domain() {
        let (one, two) = (Keyer::new(1), Keyer::new(2));
        assert_ne!(one.account("x:a"), two.account("x:a"));
        assert_ne!(one.account("x:a"), one.object(Layer::Link, b"x:a"));
        assert_ne!(one.object(Layer::Link, b"a"), one.object(Layer::Domain, b"a"));
        assert_ne!(one.post(1, "x:p"), one.post(2, "x:p"));
        let at = Timestamp::from_seconds(5);
        assert_ne!(one.group(["x:a", "x:b"], at), one.group(["x:ax", ":b"], at));
        assert_eq!(one.group(["x:a", "x:b"], at).len(), 32);
    }

    #[test]
    fn entries_are_taken_by_the_hour() {
        let mut expiry = Expiry::default();
        for (key, second) in [(1, 0), (2, 3_599), (3, 3_600), (4, 9_000)] {
            expiry.touch(key, Timestamp::from_seconds(second));
        }
        assert_eq!(expiry.take_before(Timestamp::from_seconds(3_599)), None);
        assert_eq!(expiry.take_before(Timestamp::from_seconds(7_200)), Some(vec![1, 2]));
        assert_eq!(expiry.take_before(Timestamp::from_seconds(7_200)), Some(vec![3]));
        assert_eq!(expiry.take_before(Timestamp::from_seconds(7_200)), None);
    }
}
