//! Bytes to posts: a [`feed`] gives [`batch`]es of what was [`decode`]d from a [`mod@file`] or a [`topic`], read on the
//! calling thread or on one of its own.

pub(crate) mod batch;
pub(crate) mod decode;
pub(crate) mod feed;
pub(crate) mod file;
pub(crate) mod topic;
