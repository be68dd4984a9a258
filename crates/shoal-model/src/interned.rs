//! Values that many others refer to, written once in a snapshot and shared again when it is read.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Numbers of values by their addresses.
type Numbers = HashMap<usize, u32, BuildHasherDefault<PlainHasher>>;

/// Values by their numbers. A value that holds others is complete after them, although its number comes before theirs.
type Values = HashMap<u32, Arc<dyn Any + Send + Sync>, BuildHasherDefault<PlainHasher>>;

/// Addresses and numbers are made by the program, not by strangers: a multiplication spreads them well enough.
#[derive(Default)]
struct PlainHasher(u64);

impl Hasher for PlainHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_usize(number as usize);
    }

    fn write_usize(&mut self, address: usize) {
        self.0 = (self.0 ^ address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26);
    }
}

thread_local! {
    /// While a snapshot is written: the number of each value, by its address.
    static WRITTEN: RefCell<Option<Numbers>> = const { RefCell::new(None) };
    /// While a snapshot is read: the values by number.
    static READ: RefCell<Option<Values>> = const { RefCell::new(None) };
}

/// A shared value, as [`Arc`]. Within [`writing`] and [`reading`] it is written once and then by number; elsewhere it
/// is written as the value itself.
#[derive(Debug)]
pub struct Interned<T>(Arc<T>);

impl<T> Interned<T> {
    /// Shares a value.
    pub fn new(value: T) -> Self {
        Self(Arc::new(value))
    }

    /// Tells whether two are one and the same value.
    pub fn ptr_eq(one: &Self, other: &Self) -> bool {
        Arc::ptr_eq(&one.0, &other.0)
    }
}

impl<T> Clone for Interned<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Interned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: PartialEq> PartialEq for Interned<T> {
    fn eq(&self, other: &Self) -> bool {
        Self::ptr_eq(self, other) || **self == **other
    }
}

impl<T: Eq> Eq for Interned<T> {}

/// Writes a snapshot. The values must live as long as it is written, so that no address is used twice.
pub fn writing<R>(write: impl FnOnce() -> R) -> R {
    WRITTEN.set(Some(Numbers::default()));
    let result = write();
    WRITTEN.set(None);
    result
}

/// Reads a snapshot that was written within [`writing`].
pub fn reading<R>(read: impl FnOnce() -> R) -> R {
    READ.set(Some(Values::default()));
    let result = read();
    READ.set(None);
    result
}

impl<T: Serialize> Serialize for Interned<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let address = Arc::as_ptr(&self.0) as usize;
        // The number of the value, and whether it was written before; nothing where no snapshot is written.
        let number = WRITTEN.with_borrow_mut(|written| {
            let written = written.as_mut()?;
            let next = written.len() as u32;
            let number = *written.entry(address).or_insert(next);
            Some((number, number != next))
        });
        match number {
            None => (**self).serialize(serializer),
            Some((number, known)) => (number, (!known).then_some(&**self)).serialize(serializer),
        }
    }
}

impl<'de, T: DeserializeOwned + Send + Sync + 'static> Deserialize<'de> for Interned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if READ.with_borrow(Option::is_none) {
            return T::deserialize(deserializer).map(Self::new);
        }
        let (number, value): (u32, Option<T>) = Deserialize::deserialize(deserializer)?;
        READ.with_borrow_mut(|read| {
            let read = read.get_or_insert_default();
            if let Some(value) = value {
                let value = Arc::new(value);
                read.insert(number, Arc::<T>::clone(&value));
                return Ok(Self(value));
            }
            let known = read.get(&number).cloned().and_then(|value| value.downcast::<T>().ok());
            known.map(Self).ok_or_else(|| D::Error::custom(format!("value {number} was not written before")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_written_once_and_shared_again() {
        let (one, other) = (Interned::new("one".to_owned()), Interned::new("other".to_owned()));
        let values = vec![one.clone(), other, one.clone(), one];
        let text = writing(|| serde_json::to_string(&values).unwrap());
        assert_eq!(text, r#"[[0,"one"],[1,"other"],[0,null],[0,null]]"#);
        let again: Vec<Interned<String>> = reading(|| serde_json::from_str(&text).unwrap());
        assert_eq!(again, values);
        assert!(Interned::ptr_eq(&again[0], &again[3]) && !Interned::ptr_eq(&again[0], &again[1]));
    }

    #[test]
    fn a_value_that_holds_shared_values_is_shared_again_with_them() {
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        struct Outer {
            inner: Interned<String>,
        }
        let inner = Interned::new("inner".to_owned());
        let one = Interned::new(Outer { inner: inner.clone() });
        let other = Interned::new(Outer { inner: inner.clone() });
        let values = (vec![one.clone(), other.clone(), one, other], inner);
        let bytes = writing(|| serde_json::to_vec(&values).unwrap());
        let again: (Vec<Interned<Outer>>, Interned<String>) = reading(|| serde_json::from_slice(&bytes).unwrap());
        assert_eq!(again, values);
        let (outers, inner) = again;
        assert!(Interned::ptr_eq(&outers[0], &outers[2]) && !Interned::ptr_eq(&outers[0], &outers[1]));
        assert!(outers.iter().all(|outer| Interned::ptr_eq(&outer.inner, &inner)));
    }

    #[test]
    fn elsewhere_it_is_the_value() {
        let value = Interned::new(5_u32);
        assert_eq!(serde_json::to_string(&value).unwrap(), "5");
        assert_eq!(serde_json::from_str::<Interned<u32>>("5").unwrap(), value);
        let broken: Result<Interned<u32>, _> = reading(|| serde_json::from_str("[7,null]"));
        assert!(broken.is_err());
    }
}
