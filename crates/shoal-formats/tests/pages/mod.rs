//! A format for tests: a record is a page of native records, a native record, or word of something that Shoal does not
//! need.

use serde_json::Value;
use shoal_formats::{Contents, Decoded, Format, FormatDefinition, Limits, Lines, Refusal};

/// The format.
pub(crate) const PAGES: Format = Format::of(&FormatDefinition {
    name: "pages",
    description: "Pages of native records.",
    framing: &Lines,
    decode,
    resembles: |_| false,
});

fn decode(record: &[u8], limits: &Limits) -> Result<Decoded, Refusal> {
    match serde_json::from_slice(record) {
        Ok(Value::Array(page)) => {
            let mut contents = Vec::new();
            for element in page {
                if let Decoded::Contents(one) = Format::NATIVE.decode(element.to_string().as_bytes(), limits)? {
                    contents.extend(one);
                }
            }
            Ok(Contents::of(contents).map_or(Decoded::Ignored("empty_page"), Decoded::Contents))
        }
        Ok(Value::Object(object)) if object.contains_key("likes") => Ok(Decoded::Ignored("like")),
        _ => Format::NATIVE.decode(record, limits),
    }
}
