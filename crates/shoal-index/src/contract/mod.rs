//! What the index is told, and what it keeps and finds.

mod batch;
mod post;

pub use self::batch::{Batch, PostDocument};
pub use self::post::{FoundPost, ObjectRef, PostKind, StoredPost};
