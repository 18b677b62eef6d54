//! The script and the stylesheet of the pages: a leaf that bundles `web/` when it is built and embeds the result.
//!
//! An asset's address holds a version made from its content, so browsers may keep it for ever.

/// One embedded file.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Its name, such as `app.js`.
    pub name: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// Changes with its content.
    pub version: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
}

const ALL: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// An asset by name.
pub fn get(name: &str) -> Option<&'static Asset> {
    ALL.iter().find(|asset| asset.name == name)
}

/// The address of an asset on the server: `/assets/<version>/<name>`.
pub fn address(name: &str) -> String {
    let version = get(name).map_or("none", |asset| asset.version);
    format!("/assets/{version}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundle_is_there() {
        for name in ["app.js", "bankside.css"] {
            let asset = get(name).unwrap();
            assert!(asset.bytes.len() > 10_000, "{name}");
            assert!(address(name).ends_with(name));
        }
        assert!(get("other").is_none());
    }
}
