//! The style, the script and the icon: a file each, under an address that changes with their content.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// The path of assets, which the page of sign-in needs too.
pub(crate) const ASSETS: &str = "/assets/{name}";

/// A file that comes with the program.
#[derive(Debug)]
pub(super) struct Asset {
    name: String,
    media_type: &'static str,
    content: &'static str,
}

pub(super) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("shoal", "css", "text/css; charset=utf-8", include_str!("shoal.css")));
pub(super) static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("shoal", "js", "text/javascript; charset=utf-8", include_str!("shoal.js")));
pub(super) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("shoal", "svg", "image/svg+xml", include_str!("shoal.svg")));

impl Asset {
    fn new(stem: &str, ending: &str, media_type: &'static str, content: &'static str) -> Self {
        let mut name = format!("{stem}-");
        for byte in Sha256::digest(content).iter().take(8) {
            // Writing to a String cannot fail.
            _ = write!(name, "{byte:02x}");
        }
        Self { name: format!("{name}.{ending}"), media_type, content }
    }

    /// The address of the file.
    pub(super) fn address(&self) -> String {
        ASSETS.replace("{name}", &self.name)
    }
}

/// Answers with a file. What has this address never changes.
pub(super) async fn asset(Path(name): Path<String>) -> Response {
    match [&*STYLE, &*SCRIPT, &*ICON].into_iter().find(|asset| asset.name == name) {
        Some(asset) => {
            let headers = [(CONTENT_TYPE, asset.media_type), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
            (headers, asset.content).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
