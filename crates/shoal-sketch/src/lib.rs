//! Near-duplicates in a stream of short texts.
//!
//! A text is given as its **shingles**: a sorted list of distinct, well mixed 32-bit hashes of its character
//! n-grams. The similarity of two texts is the Jaccard similarity of their shingle sets.
//!
//! - [`Sketcher`] turns shingles into a [`Sketch`] of 64 min-hashes of 16 bits (Broder 1997) with the widest vector
//!   instructions the processor has; every kernel gives the same bits.
//! - [`Window`] is a sliding-window MinHash-LSH index (Indyk and Motwani 1998) with bounded buckets. It verifies every
//!   candidate with the exact similarity, so what it finds is always true.
//! - [`Clusters`] joins linked texts into clusters that have an anchor, so that clusters do not chain.
//!
//! Everything is a pure function of the sequence of calls: no clock, no I/O, no randomness. `Window` and `Clusters`
//! are snapshots of themselves through serde, and go on after a restore as if nothing had happened.
//!
//! ```
//! use shoal_sketch::{Config, Sketcher, Window};
//!
//! let sketcher = Sketcher::new(7);
//! let mut window = Window::new(Config::for_threshold(7, 0.7)?)?;
//! let mut found = Vec::new();
//! let first: Vec<u32> = (0..50).map(|n: u32| n.wrapping_mul(0x9E37_79B1)).collect();
//! let (mut first, mut second) = (first.clone(), first[..45].to_vec());
//! first.sort_unstable();
//! second.sort_unstable();
//!
//! let original = window.insert(0, &first, &sketcher.sketch(&first), &mut found);
//! assert!(found.is_empty());
//! window.insert(1, &second, &sketcher.sketch(&second), &mut found);
//! assert_eq!((found[0].doc, found[0].jaccard), (original, 0.9));
//! # Ok::<(), shoal_sketch::ConfigError>(())
//! ```

mod clusters;
mod hash;
mod jaccard;
mod kernel;
mod sketch;
mod sketcher;
mod window;

pub use clusters::{ANCHOR_SIMILARITY, Clusters, Linked, Merged, TextRef};
pub use jaccard::{jaccard, jaccard_at_least};
pub use kernel::Kernel;
pub use sketch::{SLOTS, Sketch};
pub use sketcher::Sketcher;
pub use window::{Config, ConfigError, DocId, Neighbour, Window, WindowCounters};
