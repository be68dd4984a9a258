//! `shoal token`: a new token, and what the pipeline says of it.

use std::fmt::Write as _;

use anyhow::{Result, anyhow};
use shoal_serve::TokenHash;

use crate::cli::TokenArgs;
use crate::terminal::console;
use shoal_model::display::printable;

/// Prints a token, once, and the table for the pipeline, which knows its hash alone.
pub(crate) fn token(args: &TokenArgs) -> Result<()> {
    let mut secret = [0_u8; 32];
    getrandom::fill(&mut secret).map_err(|error| anyhow!("the system gives no random numbers: {error}"))?;
    let token = format!("shoal_{}", hexadecimal(&secret));
    console::note(&format!(
        "The token of {}; it is shown this once:\n{token}\n\nFor the pipeline:\n",
        printable(&args.name)
    ));
    let name = toml::Value::from(args.name.as_str());
    let (role, hash) = (args.role.name(), TokenHash::of(&token));
    console::print(format!("[[serve.token]]\nname = {name}\nrole = \"{role}\"\nsha256 = \"{hash}\"\n").as_bytes())
}

/// Bytes in hexadecimal, two digits each.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        _ = write!(text, "{byte:02x}");
        text
    })
}
