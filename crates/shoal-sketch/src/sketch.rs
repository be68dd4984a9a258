//! Sketches of texts, which are compared quickly.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::hash::mix;

/// The number of min-hashes in a sketch.
pub const SLOTS: usize = 64;

/// A sketch as bytes: its slots in order, each little-endian.
const BYTES: usize = 2 * SLOTS;

/// 64 min-hashes of a shingle set, 16 bits each. Two sets agree in a slot with a probability that is close to their
/// Jaccard similarity (Broder 1997). Sketches of different seeds must not be compared.
///
/// Serialised as 128 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sketch(pub [u16; SLOTS]);

impl Sketch {
    /// The sketch of no shingles at all.
    pub const EMPTY: Self = Self([u16::MAX; SLOTS]);

    /// The share of equal slots, 0 to 1: an estimate of the Jaccard similarity J with a standard error of
    /// `sqrt(J * (1 - J) / 64)`, at most 0.0625. Two empty sets have 1.
    pub fn similarity(&self, other: &Self) -> f32 {
        let equal: u16 = self.0.iter().zip(&other.0).map(|(a, b)| u16::from(a == b)).sum();
        f32::from(equal) / SLOTS as f32
    }

    /// The keys that route a text to logical partitions, from the first `K` slots: send the text to the partition of
    /// each key (equal partitions once), and look for its neighbours there.
    ///
    /// Two texts of similarity J share a key with probability `1 - (1 - J)^K`: for `K = 4` that is 0.992 at J = 0.7 and
    /// 0.996 at 0.75; different keys that fall to the same partition add to it (0.9975 was measured for J from 0.7 to
    /// 0.75 on 64 partitions). A key says which slot it is of, so equal values in different slots are different keys.
    /// Keys are mixed: take them modulo the number of partitions.
    ///
    /// `K` is at most 64; more do not compile.
    pub fn routing_keys<const K: usize>(&self) -> [u64; K] {
        const { assert!(K <= SLOTS, "a sketch has 64 slots") };
        std::array::from_fn(|slot| mix(((slot as u64 + 1) << 16) | u64::from(self.0[slot])))
    }
}

impl fmt::Debug for Sketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sketch(")?;
        self.0.iter().try_for_each(|slot| write!(f, "{slot:04x}"))?;
        f.write_str(")")
    }
}

impl Serialize for Sketch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = [0; BYTES];
        for (pair, slot) in bytes.chunks_exact_mut(2).zip(self.0) {
            pair.copy_from_slice(&slot.to_le_bytes());
        }
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for Sketch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(BytesVisitor)
    }
}

/// Reads a sketch from bytes, or from a sequence of bytes in formats without a type for them.
struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = Sketch;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {BYTES} bytes of a sketch")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Sketch, E> {
        if bytes.len() != BYTES {
            return Err(E::invalid_length(bytes.len(), &self));
        }
        Ok(Sketch(std::array::from_fn(|slot| u16::from_le_bytes([bytes[2 * slot], bytes[2 * slot + 1]]))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Sketch, A::Error> {
        let mut bytes = [0; BYTES];
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = items.next_element()?.ok_or_else(|| A::Error::invalid_length(place, &self))?;
        }
        self.visit_bytes(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting() -> Sketch {
        Sketch(std::array::from_fn(|slot| slot as u16 * 700))
    }

    #[test]
    fn similarity_is_the_share_of_equal_slots() {
        let mut other = counting();
        other.0[..16].fill(9);
        assert!((counting().similarity(&other) - 0.75).abs() < f32::EPSILON);
        assert!((counting().similarity(&counting()) - 1.0).abs() < f32::EPSILON);
        assert!(Sketch::EMPTY.similarity(&counting()) < f32::EPSILON);
    }

    #[test]
    fn keys_differ_by_slot_and_value() {
        let same = Sketch([5; SLOTS]).routing_keys::<4>();
        assert!((1..4).all(|slot| same[slot] != same[0]));
        let (mut one, two) = (counting(), counting());
        one.0[2] += 1;
        let (one, two) = (one.routing_keys::<4>(), two.routing_keys::<4>());
        assert_eq!((one[0], one[1], one[3]), (two[0], two[1], two[3]));
        assert_ne!(one[2], two[2]);
    }

    #[test]
    fn bytes_round_trip_and_other_lengths_are_refused() {
        let bytes = postcard::to_stdvec(&counting()).unwrap();
        assert_eq!(bytes.len(), BYTES + 2);
        assert_eq!(postcard::from_bytes::<Sketch>(&bytes).unwrap(), counting());
        let short = postcard::to_stdvec(&vec![7u8; BYTES - 1]).unwrap();
        assert!(postcard::from_bytes::<Sketch>(&short).is_err());
    }

    #[test]
    fn debug_shows_the_slots() {
        assert!(format!("{:?}", Sketch::EMPTY).starts_with("Sketch(ffffffff"));
    }
}
