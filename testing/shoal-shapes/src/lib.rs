//! Shapes of what is saved and sent, for tests that tell a changed shape from a raised version.
//!
//! A shape is what a type asks of its deserializer, traced without data: fields and their types in their order,
//! variants and what they carry. Names of types are no part of it. [`Golden`] compares the shapes of one version with
//! a file of that version:
//!
//! ```no_run
//! # use shoal_shapes::{Golden, Shape};
//! let golden = Golden {
//!     folder: "shapes".as_ref(),
//!     name: "state",
//!     version: 3,
//!     remedy: "raise STATE_VERSION in src/checkpoint.rs",
//! };
//! golden.check(&[("counts", Shape::binary::<Vec<(u64, String)>>(&[]))]);
//! ```
//!
//! Files of a released version say so in their first line and are never changed again.

mod golden;
mod node;
mod probe;
mod shape;

pub use golden::Golden;
pub use node::Sample;
pub use shape::Shape;
