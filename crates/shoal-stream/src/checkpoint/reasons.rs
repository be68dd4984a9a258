//! Counts of dead letters in a state: by the name of the reason, so that further reasons change no shape.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize as _, Serializer};
use shoal_formats::Reason;
use shoal_model::saved;

/// The number of reasons up to version 3 of the state, in which every reason has its place.
const PLACES: usize = 18;

/// Counts by the names of reasons.
#[derive(Deserialize)]
struct ReasonCounts {
    by_name: BTreeMap<String, u64>,
}

pub(crate) fn serialize<S: Serializer>(counts: &[u64; Reason::COUNT], serializer: S) -> Result<S::Ok, S::Error> {
    let counted = Reason::ALL.iter().zip(counts).filter(|(_, count)| **count > 0);
    // The one field of [`ReasonCounts`].
    counted.map(|(reason, count)| (reason.name(), *count)).collect::<BTreeMap<_, _>>().serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u64; Reason::COUNT], D::Error> {
    let mut counts = [0; Reason::COUNT];
    if saved::is_before(4) {
        let places = <[u64; PLACES]>::deserialize(deserializer)?;
        counts.iter_mut().zip(places).for_each(|(count, old)| *count = old);
        return Ok(counts);
    }
    for (name, count) in ReasonCounts::deserialize(deserializer)?.by_name {
        let reason: Reason = name.parse().map_err(serde::de::Error::custom)?;
        counts[reason.index()] = count;
    }
    Ok(counts)
}
