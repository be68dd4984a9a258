//! Names of topics and of what is named like them.

use crate::Error;
use crate::printable::excerpt;

/// The longest name of a topic that Kafka takes.
pub const LONGEST_NAME: usize = 249;

/// Refuses a name that Kafka would refuse, or that is longer than `longest`. The error is about `key`.
pub fn check_name(key: &str, name: &str, longest: usize) -> Result<(), Error> {
    let fits = |symbol: char| symbol.is_ascii_alphanumeric() || "._-".contains(symbol);
    let problem = if name.is_empty() {
        "it is empty".to_owned()
    } else if name.len() > longest {
        format!("{} characters are too many", name.chars().count())
    } else if name == "." || name == ".." || !name.chars().all(fits) {
        format!("Kafka does not take the name `{}`", excerpt(name, LONGEST_NAME))
    } else {
        return Ok(());
    };
    Err(Error::setting(
        key,
        problem,
        format!("write 1 to {longest} of the letters a-z and A-Z, digits, `.`, `_` and `-`"),
    ))
}
