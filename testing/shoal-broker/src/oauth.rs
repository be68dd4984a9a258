//! Tokens that the cluster's OAUTHBEARER listeners accept.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::error::{Error, io};
use crate::tool::Tool;

/// The issuer of the tokens (`iss`).
pub const ISSUER: &str = "https://tokens.shoal.invalid";
/// Whom the tokens are for (`aud`).
pub const AUDIENCE: &str = "shoal";
/// The name of the only key.
const KEY: &str = "test";

/// Signs tokens. The broker reads the public key from a file, as a JSON Web Key Set.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    openssl: Tool,
    key: PathBuf,
    key_set: PathBuf,
}

impl Signer {
    /// Makes a key in `folder`.
    pub(crate) fn make(openssl: &Tool, folder: &Path) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(io(format!("make {}", folder.display())))?;
        let signer = Self { openssl: openssl.clone(), key: folder.join("key.pem"), key_set: folder.join("jwks.json") };
        let mut command = openssl.command();
        command.args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out"]).arg(&signer.key);
        openssl.run("openssl genpkey", &mut command)?;
        let set = json!({"keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY,
            "n": URL_SAFE_NO_PAD.encode(signer.modulus()?),
            // 65537, openssl's own choice.
            "e": "AQAB",
        }]});
        fs::write(&signer.key_set, set.to_string()).map_err(io(format!("write {}", signer.key_set.display())))?;
        Ok(signer)
    }

    /// The address of the public key, for the broker.
    pub(crate) fn url(&self) -> String {
        format!("file://{}", self.key_set.display())
    }

    fn modulus(&self) -> Result<Vec<u8>, Error> {
        let mut command = self.openssl.command();
        command.args(["rsa", "-noout", "-modulus", "-in"]).arg(&self.key);
        let output = self.openssl.run("openssl rsa", &mut command)?;
        let text = String::from_utf8_lossy(&output);
        let digits = text.trim().strip_prefix("Modulus=").and_then(from_hex);
        digits.ok_or_else(|| Error::Command { command: "openssl rsa".to_owned(), output: text.into_owned() })
    }

    /// A token for `subject` that is good from now on for as long as `lifetime`, in whole seconds.
    pub(crate) fn token(&self, subject: &str, lifetime: Duration) -> Result<String, Error> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": KEY});
        let claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + lifetime.as_secs(),
        });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", encode(&header), encode(&claims));
        let signature = self.sign(&text)?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn sign(&self, text: &str) -> Result<Vec<u8>, Error> {
        let mut file = tempfile::NamedTempFile::new().map_err(io("make a temporary file"))?;
        file.write_all(text.as_bytes()).map_err(io("write a temporary file"))?;
        let mut command = self.openssl.command();
        command.args(["dgst", "-sha256", "-sign"]).arg(&self.key).arg(file.path());
        self.openssl.run("openssl dgst", &mut command)
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_is_read_in_whole_bytes() {
        assert_eq!(from_hex("00Ff1a"), Some(vec![0, 0xff, 0x1a]));
        assert_eq!(from_hex("0"), None);
        assert_eq!(from_hex("0g"), None);
    }
}
