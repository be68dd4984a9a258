//! The merge of the order law: records of several upstream partitions, in the order of their triggers.

use std::vec::IntoIter;

use shoal_detect::{Record, Trigger};

/// Merges inputs that are each in order; gives all records of one trigger at once, in their own order.
#[derive(Debug)]
pub(crate) struct Merge<T> {
    inputs: Vec<std::iter::Peekable<IntoIter<(Trigger, T)>>>,
}

impl<T: Record> Merge<T> {
    /// The merge of these inputs, each in the order of triggers.
    pub(crate) fn new(inputs: impl IntoIterator<Item = Vec<(Trigger, T)>>) -> Self {
        let filled = inputs.into_iter().filter(|input| !input.is_empty());
        Self { inputs: filled.map(|input| input.into_iter().peekable()).collect() }
    }

    /// The next trigger.
    pub(crate) fn peek(&mut self) -> Option<&Trigger> {
        self.inputs.iter_mut().filter_map(|input| input.peek().map(|(trigger, _)| trigger)).min()
    }

    /// Puts all records of the next trigger into `records`, in the order of kind and key.
    pub(crate) fn pop(&mut self, records: &mut Vec<T>) -> Option<Trigger> {
        records.clear();
        let trigger = self.peek()?.clone();
        for input in &mut self.inputs {
            while let Some((_, record)) = input.next_if(|(other, _)| *other == trigger) {
                records.push(record);
            }
        }
        if records.len() > 1 {
            records.sort_by_key(Record::order);
        }
        Some(trigger)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};
    use shoal_detect::Order;
    use shoal_model::{AccountKey, Interned, PostKey, PostRef, Timestamp};

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Item(u64);

    impl Record for Item {
        fn order(&self) -> Order {
            Order::new(0, self.0)
        }
    }

    fn trigger(at: i64, id: u8) -> Trigger {
        let post = PostRef {
            key: PostKey::from_raw(id.into()),
            id: format!("x:{id}").into(),
            account: "x:a".into(),
            account_key: AccountKey::from_raw(1),
            at: Timestamp::from_seconds(at),
            url: None,
            profile: None,
        };
        Trigger { at: Timestamp::from_seconds(at), post: (id > 0).then(|| Interned::new(post)) }
    }

    proptest! {
        #[test]
        fn how_records_are_spread_over_inputs_changes_nothing(
            items in proptest::collection::vec((0_i64..5, 0_u8..3, 0_u64..9, 0_usize..4), 0..60),
        ) {
            let groups = |spread: bool| {
                let mut inputs = vec![Vec::new(); 4];
                for (at, id, key, input) in &items {
                    inputs[if spread { *input } else { 0 }].push((trigger(*at, *id), Item(*key)));
                }
                for input in &mut inputs {
                    input.sort_by(|(a, _), (b, _)| a.cmp(b));
                }
                let (mut merge, mut records, mut out) = (Merge::new(inputs), Vec::new(), Vec::new());
                while let Some(trigger) = merge.pop(&mut records) {
                    out.push((trigger, records.clone()));
                }
                out
            };
            let (together, spread) = (groups(false), groups(true));
            prop_assert!(spread.is_sorted_by(|(a, _), (b, _)| a < b));
            prop_assert_eq!(together.iter().map(|(_, records)| records.len()).sum::<usize>(), items.len());
            prop_assert_eq!(together, spread);
        }
    }
}
