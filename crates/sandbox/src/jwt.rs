//! Signed tokens as several providers have them: a header, claims and an HMAC, each in base64url with dots between.
//!
//! What this is not: a judge. Who reads claims says what they are good for and whether they are over.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// A token with these claims, signed with a key of 64 hex digits.
pub(crate) fn write(key: &str, claims: &impl Serialize) -> String {
    // Claims are structures of plain fields, which always can be written.
    let claims = serde_json::to_vec(claims).unwrap_or_default();
    let signed = format!("{}.{}", BASE64URL_NOPAD.encode(HEADER.as_bytes()), BASE64URL_NOPAD.encode(&claims));
    let signature = mac(key, &signed).finalize().into_bytes();
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
}

/// The claims of a token that was signed with this key; `None` for any other text.
pub(crate) fn read<T: DeserializeOwned>(key: &str, token: &str) -> Option<T> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (_, claims) = signed.split_once('.')?;
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
    mac(key, signed).verify_slice(&signature).ok()?;
    serde_json::from_slice(&BASE64URL_NOPAD.decode(claims.as_bytes()).ok()?).ok()
}

fn mac(key: &str, signed: &str) -> Hmac<Sha256> {
    let key = HEXLOWER_PERMISSIVE.decode(key.as_bytes()).unwrap_or_default();
    // The key of an HMAC is padded to one block; shorter keys are padded with zeros by definition.
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    for (slot, byte) in block.iter_mut().zip(key) {
        *slot = byte;
    }
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block);
    mac.update(signed.as_bytes());
    mac
}
