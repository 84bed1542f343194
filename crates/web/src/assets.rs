//! Style sheets and scripts, served from the binary under names that change with their content, so a
//! browser may keep them for ever. No page asks any other host for anything.

use axum::{
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

/// One file served from the binary.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// The name without its digest.
    pub name: &'static str,
    /// The MIME type.
    pub kind: &'static str,
    /// The bytes.
    pub bytes: &'static [u8],
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// All files.
pub const ASSETS: [Asset; 7] = [
    Asset { name: "tokens.css", kind: CSS, bytes: include_bytes!("../assets/tokens.css") },
    Asset { name: "app.css", kind: CSS, bytes: include_bytes!("../assets/app.css") },
    Asset { name: "app.js", kind: JS, bytes: include_bytes!("../assets/app.js") },
    Asset { name: "assays.css", kind: CSS, bytes: include_bytes!("../assets/assays.css") },
    Asset { name: "assays.js", kind: JS, bytes: include_bytes!("../assets/assays.js") },
    Asset { name: "htmx.js", kind: JS, bytes: include_bytes!("../vendor/htmx-2.0.11.min.js") },
    Asset { name: "icon.svg", kind: "image/svg+xml", bytes: include_bytes!("../assets/icon.svg") },
];

fn versions() -> &'static [(String, Asset)] {
    static VERSIONS: OnceLock<Vec<(String, Asset)>> = OnceLock::new();
    VERSIONS.get_or_init(|| {
        ASSETS
            .iter()
            .map(|asset| {
                let digest = Sha256::digest(asset.bytes);
                let short: String = digest.iter().take(6).map(|b| format!("{b:02x}")).collect();
                (format!("/assets/{short}/{}", asset.name), *asset)
            })
            .collect()
    })
}

/// The address of a file, with its digest; empty for a name that does not exist (a test checks all).
pub fn address(name: &str) -> &'static str {
    versions().iter().find(|(_, asset)| asset.name == name).map_or("", |(address, _)| address.as_str())
}

/// Serves a file.
pub async fn serve(Path((digest, name)): Path<(String, String)>) -> Response {
    let wanted = format!("/assets/{digest}/{name}");
    match versions().iter().find(|(address, _)| *address == wanted) {
        Some((_, asset)) => (
            [
                (header::CONTENT_TYPE, HeaderValue::from_static(asset.kind)),
                (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
            ],
            asset.bytes,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendored_scripts_are_the_published_ones() {
        let listed = include_str!("../vendor/README.md");
        for asset in ASSETS.iter().filter(|a| a.name == "htmx.js") {
            let digest: String = Sha256::digest(asset.bytes).iter().map(|b| format!("{b:02x}")).collect();
            assert!(listed.contains(&digest), "{} has digest {digest}, not the one listed", asset.name);
        }
    }

    #[test]
    fn a_cold_page_stays_small() {
        let total: usize = ASSETS.iter().map(|a| a.bytes.len()).sum();
        assert!(total < 200_000, "{total} bytes before compression");
        assert!(ASSETS.iter().all(|a| !address(a.name).is_empty()));
    }
}
