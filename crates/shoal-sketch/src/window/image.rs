//! A window as it is written and read back.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeStruct};

use super::store::Store;
use super::table::Table;
use super::{Config, Scratch, Window, WindowCounters};

/// A window as it is read. `Window` writes the same fields in the same order, without copying the documents.
#[derive(Deserialize)]
#[serde(rename = "Window")]
struct WindowImage {
    config: Config,
    counters: WindowCounters,
    latest: i64,
    store: Store,
    /// Per band, the (tag, age of the newest document) of each live bucket in order of tags: what no document says by
    /// itself. It does not depend on how the tables lie in memory.
    buckets: Vec<Vec<(u32, u32)>>,
}

impl Serialize for Window {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let clock = self.store.clock();
        let buckets: Vec<_> = self.tables.iter().map(|table| table.buckets(clock)).collect();
        let mut image = serializer.serialize_struct("Window", 5)?;
        image.serialize_field("config", &self.config)?;
        image.serialize_field("counters", &self.counters)?;
        image.serialize_field("latest", &self.latest)?;
        image.serialize_field("store", &self.store)?;
        image.serialize_field("buckets", &buckets)?;
        image.end()
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        WindowImage::deserialize(deserializer)?.open().map_err(de::Error::custom)
    }
}

impl WindowImage {
    /// The window, if the image is one that a window could have written. A damaged image must not panic later.
    fn open(mut self) -> Result<Window, String> {
        self.config.check().map_err(|error| error.to_string())?;
        let bands = usize::from(self.config.bands);
        if !self.store.is_sound(bands) || self.store.live() > u64::from(self.config.max_documents) {
            return Err("the documents of the window are damaged".into());
        }
        let clock = self.store.clock();
        let sound = |&(tag, age): &(u32, u32)| tag != 0 && age != 0 && age <= clock.live;
        if self.buckets.len() != bands || !self.buckets.iter().flatten().all(sound) {
            return Err("the buckets of the window are damaged".into());
        }
        self.store.complete();
        Ok(Window {
            tables: self.buckets.iter().map(|buckets| Table::with(buckets, clock)).collect(),
            scratch: Scratch::new(&self.config),
            config: self.config,
            store: self.store,
            counters: self.counters,
            latest: self.latest,
        })
    }
}
