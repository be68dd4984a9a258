//! The words of Shoal as types.
//!
//! A [`Post`] is one published item. An account that acts on an object leaves a [`Trace`]; the type of the
//! object is the trace's [`Layer`]. What a group of accounts did together is stated in an [`Alert`], which
//! observes and never judges.
//!
//! This crate holds data and its validation, no logic: every other crate depends on it, it depends on none.

mod alert;
mod alert_profile;
pub mod display;
mod error;
pub mod interned;
mod key;
mod layer;
mod post;
mod profile;
pub mod saved;
#[cfg(feature = "schema")]
mod schema;
mod time;
mod trace;

pub use alert::{
    ALERT_SCHEMA, ALERT_SCHEMA_V1, ALERT_SCHEMA_VERSION, Alert, AlertAccount, AlertKind, AlertObject, AlertPost,
    AlertState, AlertTie, Arithmetic, Assessment, BenignCheck, BenignVerdict, Cap, CapHit, ContextAccount, LayerCount,
    Lineage, LineageEvent, Meeting, OLDEST_ALERT_SCHEMA_VERSION, Observed, Provenance, Strength, TiesSummary,
    TimelineBin, Window,
};
pub use alert_profile::AlertProfile;
pub use error::Error;
pub use interned::Interned;
pub use key::{AccountKey, ObjectKey, PostKey, TextKey};
pub use layer::Layer;
pub use post::{Action, Author, Deletion, Post};
pub use profile::Profile;
pub use time::{Span, Timestamp};
pub use trace::{Descriptor, PostRef, Trace};
