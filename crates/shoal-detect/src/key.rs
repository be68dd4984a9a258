//! Making of keys, and maps by them.
//!
//! Keys are SipHash-1-3 (Aumasson and Bernstein 2012) under the deployment's seed: strangers who do not know the seed
//! cannot craft collisions, and by chance two of a hundred million ids collide with probability 0.0003.

use std::collections::VecDeque;
use std::hash::{BuildHasherDefault, Hasher};

use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Serialize};
use shoal_model::{AccountKey, Layer, ObjectKey, PostKey, TextKey, Timestamp};
use siphasher::sip::SipHasher13;

/// Makes keys under one seed.
#[derive(Debug, Clone, Copy)]
pub struct Keyer {
    seed: u64,
}

// Hash domains: equal bytes in different domains have different keys. Those of objects are given by their layer.
const ACCOUNT: u8 = 1;
const POST: u8 = 2;
const TEXT: u8 = 3;
/// The two halves of a group's id.
const GROUP: [u8; 2] = [4, 12];

// No two domains are the same.
const _: () = {
    let mut taken = [false; 256];
    let mut take = [0; 5 + 2 * Layer::COUNT];
    [take[0], take[1], take[2], take[3], take[4]] = [ACCOUNT, POST, TEXT, GROUP[0], GROUP[1]];
    let mut layer = 0;
    while layer < Layer::COUNT {
        take[5 + 2 * layer] = Layer::ALL[layer].hash_domain();
        take[6 + 2 * layer] = Layer::ALL[layer].text_hash_domain();
        layer += 1;
    }
    let mut index = 0;
    while index < take.len() {
        assert!(!taken[take[index] as usize], "two hash domains have the same number");
        taken[take[index] as usize] = true;
        index += 1;
    }
};

impl Keyer {
    /// Keys under `seed`.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    fn hasher(self, domain: u8) -> SipHasher13 {
        SipHasher13::new_with_keys(self.seed, u64::from(domain))
    }

    /// The key of an account id.
    pub fn account(self, id: &str) -> AccountKey {
        let mut hasher = self.hasher(ACCOUNT);
        hasher.write(id.as_bytes());
        AccountKey::from_raw(hasher.finish())
    }

    /// The key of a post: ids are unique per account, not between accounts that may lie.
    pub fn post(self, account: AccountKey, id: &str) -> PostKey {
        let mut hasher = self.hasher(POST);
        hasher.write_u64(account.raw());
        hasher.write(id.as_bytes());
        PostKey::from_raw(hasher.finish())
    }

    /// The key of a folded text.
    pub fn text(self, symbols: &[char]) -> TextKey {
        let mut hasher = self.hasher(TEXT);
        for symbol in symbols {
            hasher.write_u32(*symbol as u32);
        }
        TextKey::from_raw(hasher.finish())
    }

    /// The key of an object of `layer` that is identified by `bytes`.
    pub fn object(self, layer: Layer, bytes: &[u8]) -> ObjectKey {
        let mut hasher = self.hasher(layer.hash_domain());
        hasher.write(bytes);
        ObjectKey::from_raw(hasher.finish())
    }

    /// The key of the object of `layer` that stands for a text.
    pub fn text_object(self, layer: Layer, text: TextKey) -> ObjectKey {
        let mut hasher = self.hasher(layer.text_hash_domain());
        hasher.write_u64(text.raw());
        ObjectKey::from_raw(hasher.finish())
    }

    /// A name of 32 hexadecimal digits for the group whose first edge joins these accounts at this time.
    pub fn group(self, accounts: [&str; 2], at: Timestamp) -> String {
        let [first, second] = GROUP.map(|domain| {
            let mut hasher = self.hasher(domain);
            for account in accounts {
                hasher.write(account.as_bytes());
                hasher.write_u8(0xff);
            }
            hasher.write_i64(at.micros());
            hasher.finish()
        });
        format!("{first:016x}{second:016x}")
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
pub(crate) type KeyMap<K, V> = HashMap<K, V, BuildHasherDefault<KeyHasher>>;

/// A set of keys.
pub(crate) type KeySet<K> = HashSet<K, BuildHasherDefault<KeyHasher>>;

/// Two keys of a kind, the smaller first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeyPair<K> {
    /// The smaller key.
    pub first: K,
    /// The larger key.
    pub second: K,
}

/// A pair of accounts.
pub type AccountPair = KeyPair<AccountKey>;

impl<K: Copy + Ord> KeyPair<K> {
    /// The pair of these two keys.
    pub fn new(one: K, other: K) -> Self {
        Self { first: one.min(other), second: one.max(other) }
    }

    /// Both keys, the smaller first.
    pub fn both(self) -> [K; 2] {
        [self.first, self.second]
    }
}

impl AccountPair {
    /// The number that decides which partition holds the pair.
    pub(crate) fn route(self) -> u64 {
        self.first.raw().rotate_left(17) ^ self.second.raw()
    }
}

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
        assert_ne!(one.account("x:a").raw(), one.object(Layer::Link, b"x:a").raw());
        assert_ne!(one.object(Layer::Link, b"a"), one.object(Layer::Domain, b"a"));
        assert_ne!(one.post(one.account("x:a"), "x:p"), one.post(one.account("x:b"), "x:p"));
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
