//! The fields of the three kinds of tantivy index: posts (one per bucket), alerts, texts. Writers and searches agree
//! here.
//!
//! A new field goes to the end and has no field norms, and its column of values may be absent: parts of earlier
//! versions are opened with it, see `store/upgrade.rs`. Anything else needs a new version of the index.

use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, NumericOptions, STORED, STRING, Schema};
use tantivy::schema::{TextFieldIndexing, TextOptions};

/// The tokenizer of texts; see [`crate::segmenter`].
pub(crate) const SEGMENTER: &str = "shoal";

/// Single min-hashes of a text that are terms: texts of similarity J share one with probability 1 − (1 − J)^8.
pub(crate) const MIN_HASHES: usize = 8;

/// Fields of posts.
#[derive(Debug, Clone)]
pub(crate) struct PostFields {
    pub(crate) schema: Schema,
    /// Hash of source, offset, account and id: unique per record. u64, indexed, fast: orders posts of one moment.
    pub(crate) origin: Field,
    /// The id, `platform:native`. Term.
    pub(crate) id: Field,
    /// The account, `platform:native`. Term, fast.
    pub(crate) author: Field,
    /// The shown name of the account in small letters. Term.
    pub(crate) handle: Field,
    /// Term, fast.
    pub(crate) platform: Field,
    /// The primary subtag in small letters. Term, fast.
    pub(crate) language: Field,
    /// [`crate::PostKind::name`]. Term, fast.
    pub(crate) kind: Field,
    /// `observed_at` in microseconds. i64, fast.
    pub(crate) at: Field,
    /// Words with positions, without addresses. See [`crate::segmenter`].
    pub(crate) text: Field,
    /// Every hashtag without its sign, in small letters. Terms, fast.
    pub(crate) hashtag: Field,
    /// Every domain it links to, but those of short links. Terms, fast.
    pub(crate) domain: Field,
    /// Every canonical address it links to. Terms.
    pub(crate) link: Field,
    /// The posts it reposts, quotes or replies to. Terms.
    pub(crate) target: Field,
    /// Names of the layers it has objects of. Terms.
    pub(crate) layer: Field,
    /// Keys of its explicit objects. u64s, indexed.
    pub(crate) object: Field,
    /// The key of its folded text. u64, indexed, fast.
    pub(crate) text_key: Field,
    /// Single min-hashes: slot number × 65,536 + hash, the first [`MIN_HASHES`] slots. u64s, indexed.
    pub(crate) min_hash: Field,
    /// The hashes of `min_hash`, for queries by similarity: two bytes each, little-endian. Bytes, stored.
    pub(crate) slots: Field,
    /// [`crate::StoredPost`] as JSON. Bytes, stored.
    pub(crate) stored: Field,
    /// The name that the account gives itself, in small letters. Term.
    pub(crate) name: Field,
    /// The client that it was published with, in small letters. Term.
    pub(crate) client: Field,
    /// Hashes of its pictures and films, `algorithm:value`. Terms.
    pub(crate) media: Field,
}

/// Fields of alerts. A document for each revision, and one for the newest of each alert.
#[derive(Debug, Clone)]
pub(crate) struct AlertFields {
    pub(crate) schema: Schema,
    /// `ID` for the newest revision, `ID#REVISION` for each. Term: the key of upserts.
    pub(crate) key: Field,
    /// The id, of all documents. Term, fast: orders alerts that are equal in all else.
    pub(crate) alert_id: Field,
    /// u64, fast.
    pub(crate) revision: Field,
    /// `newest` or `revision`. Term.
    pub(crate) role: Field,
    /// The state as in the alert. Term. This field and those below, unless they say otherwise, are in documents with
    /// the role `newest` alone.
    pub(crate) state: Field,
    /// `true` or `false`. Term.
    pub(crate) shadow: Field,
    /// Accounts of the group. Terms.
    pub(crate) account: Field,
    /// Platforms of these. Terms.
    pub(crate) platform: Field,
    /// Languages of texts. Terms.
    pub(crate) language: Field,
    /// Names of layers. Terms.
    pub(crate) layer: Field,
    /// Keys of objects, text objects among them. u64s, indexed.
    pub(crate) object: Field,
    /// Posts of the evidence and of meetings. Terms, of all documents: for erasure.
    pub(crate) post: Field,
    /// Every account that is named anywhere in it, the context among them. Terms, of all documents: for erasure.
    pub(crate) mention: Field,
    /// The sentence, and the labels of objects. Words.
    pub(crate) text: Field,
    /// The time this revision was raised, in microseconds. i64, fast, of all documents.
    pub(crate) raised_at: Field,
    /// The time the first revision was raised. i64, fast, of all documents.
    pub(crate) opened_at: Field,
    /// The first post of the evidence. i64, fast.
    pub(crate) start: Field,
    /// The last post of the evidence. i64, fast.
    pub(crate) end: Field,
    /// Bits; 0 when there are none. f64, fast.
    pub(crate) bits: Field,
    /// Accounts of the group, those beyond the list included. u64, fast.
    pub(crate) accounts: Field,
    /// The alert as JSON. Bytes, stored, of all documents.
    pub(crate) stored: Field,
    /// Handles of its accounts in small letters. Terms.
    pub(crate) handle: Field,
    /// Names that its accounts give themselves, in small letters. Terms.
    pub(crate) name: Field,
}

/// Fields of texts that several accounts published: which object each belongs to, and which object became which.
#[derive(Debug, Clone)]
pub(crate) struct TextFields {
    pub(crate) schema: Schema,
    /// The key of a folded text. u64, indexed, fast: the key of upserts.
    pub(crate) text_key: Field,
    /// The object it belongs to. u64, indexed, fast.
    pub(crate) object: Field,
    /// An object that was merged into `object`. u64, indexed, fast: the key of upserts.
    pub(crate) merged: Field,
    /// The event time this was last reported. i64, fast: for retention and to find the newest.
    pub(crate) at: Field,
}

fn words() -> TextOptions {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(SEGMENTER)
        .set_fieldnorms(true)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    TextOptions::default().set_indexing_options(indexing)
}

/// A term of a field added since 0.1.0. It has no norms: segments from before have none, and could not be merged.
fn added_term() -> TextOptions {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::Basic);
    TextOptions::default().set_indexing_options(indexing)
}

fn number() -> NumericOptions {
    NumericOptions::default()
}

impl PostFields {
    pub(crate) fn new() -> Self {
        let mut builder = Schema::builder();
        Self {
            origin: builder.add_u64_field("origin", INDEXED | FAST),
            id: builder.add_text_field("id", STRING),
            author: builder.add_text_field("author", STRING | FAST),
            handle: builder.add_text_field("handle", STRING),
            platform: builder.add_text_field("platform", STRING | FAST),
            language: builder.add_text_field("language", STRING | FAST),
            kind: builder.add_text_field("kind", STRING | FAST),
            at: builder.add_i64_field("at", number().set_fast()),
            text: builder.add_text_field("text", words()),
            hashtag: builder.add_text_field("hashtag", STRING | FAST),
            domain: builder.add_text_field("domain", STRING | FAST),
            link: builder.add_text_field("link", STRING),
            target: builder.add_text_field("target", STRING),
            layer: builder.add_text_field("layer", STRING),
            object: builder.add_u64_field("object", INDEXED),
            text_key: builder.add_u64_field("text_key", INDEXED | FAST),
            min_hash: builder.add_u64_field("min_hash", INDEXED),
            slots: builder.add_bytes_field("slots", STORED),
            stored: builder.add_bytes_field("stored", STORED),
            name: builder.add_text_field("name", added_term()),
            client: builder.add_text_field("client", added_term()),
            media: builder.add_text_field("media", added_term()),
            schema: builder.build(),
        }
    }
}

impl AlertFields {
    pub(crate) fn new() -> Self {
        let mut builder = Schema::builder();
        Self {
            key: builder.add_text_field("key", STRING),
            alert_id: builder.add_text_field("alert_id", STRING | FAST),
            revision: builder.add_u64_field("revision", number().set_fast()),
            role: builder.add_text_field("role", STRING),
            state: builder.add_text_field("state", STRING),
            shadow: builder.add_text_field("shadow", STRING),
            account: builder.add_text_field("account", STRING),
            platform: builder.add_text_field("platform", STRING),
            language: builder.add_text_field("language", STRING),
            layer: builder.add_text_field("layer", STRING),
            object: builder.add_u64_field("object", INDEXED),
            post: builder.add_text_field("post", STRING),
            mention: builder.add_text_field("mention", STRING),
            text: builder.add_text_field("text", words()),
            raised_at: builder.add_i64_field("raised_at", number().set_fast()),
            opened_at: builder.add_i64_field("opened_at", number().set_fast()),
            start: builder.add_i64_field("start", number().set_fast()),
            end: builder.add_i64_field("end", number().set_fast()),
            bits: builder.add_f64_field("bits", number().set_fast()),
            accounts: builder.add_u64_field("accounts", number().set_fast()),
            stored: builder.add_bytes_field("stored", STORED),
            handle: builder.add_text_field("handle", added_term()),
            name: builder.add_text_field("name", added_term()),
            schema: builder.build(),
        }
    }
}

impl TextFields {
    pub(crate) fn new() -> Self {
        let mut builder = Schema::builder();
        Self {
            text_key: builder.add_u64_field("text_key", INDEXED | FAST),
            object: builder.add_u64_field("object", INDEXED | FAST),
            merged: builder.add_u64_field("merged", INDEXED | FAST),
            at: builder.add_i64_field("at", number().set_fast()),
            schema: builder.build(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_added_since_0_1_0_are_at_the_end_and_have_no_norms() {
        let schemas = [
            (PostFields::new().schema, 19, "stored"),
            (AlertFields::new().schema, 21, "stored"),
            (TextFields::new().schema, 4, "at"),
        ];
        for (schema, fields, last) in schemas {
            let fields = fields as usize;
            assert_eq!(schema.fields().nth(fields - 1).unwrap().1.name(), last);
            // Parts of 0.1.0 have none for them, and could not be merged.
            assert!(schema.fields().skip(fields).all(|(_, entry)| !entry.has_fieldnorms()));
        }
    }
}
