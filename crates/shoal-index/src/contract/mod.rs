//! The data that is handed to the index, kept by it and found in it.

mod batch;
mod erasure;
mod message;
mod post;
mod status;

pub use self::batch::{Batch, PostDocument};
pub use self::erasure::{Erasure, Subject};
pub(crate) use self::message::WriterMessage;
pub use self::post::{FoundPost, ObjectRef, PostKind, StoredPost};
pub use self::status::Status;
