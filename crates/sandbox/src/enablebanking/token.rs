//! Tokens: a client signs them itself, with the private key of its application (fact sheet §2).
//!
//! What always holds: a token counts only if its signature is by the application's key over exactly these bytes, and if
//! header and claims say what they must.

use std::sync::LazyLock;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use jiff::Timestamp;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{APPLICATION_ID, PRIVATE_KEY};

const ISSUER: &str = "enablebanking.com";
const AUDIENCE: &str = "api.enablebanking.com";
/// No token lasts longer.
const LONGEST_SECONDS: i64 = 86_400;
/// So far may a client's clock be ahead.
const LEEWAY_SECONDS: i64 = 60;

/// The public half, as a control panel keeps it.
static PUBLIC_KEY: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let body: String = PRIVATE_KEY.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = BASE64.decode(body.trim().as_bytes()).unwrap_or_default();
    // The key is a file of this crate; where it could not be read no token would ever count, which a test would tell.
    RsaKeyPair::from_pkcs8(&der).map(|pair| pair.public().as_ref().to_vec()).unwrap_or_default()
});

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    #[serde(default)]
    typ: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
}

/// Whether a token is the application's and holds at this moment.
pub(super) fn holds(token: &str, now: Timestamp) -> bool {
    let Some((signed, signature)) = token.rsplit_once('.') else { return false };
    let Some((header, claims)) = signed.split_once('.') else { return false };
    let (Some(header), Some(claims)) = (part::<Header>(header), part::<Claims>(claims)) else { return false };
    let Ok(signature) = BASE64URL_NOPAD.decode(signature.as_bytes()) else { return false };
    let now = now.as_second();
    header.alg == "RS256"
        && header.kid == APPLICATION_ID
        && header.typ.is_none_or(|kind| kind.eq_ignore_ascii_case("jwt"))
        && claims.iss == ISSUER
        && claims.aud == AUDIENCE
        && claims.iat <= now + LEEWAY_SECONDS
        && claims.exp > now
        && (1..=LONGEST_SECONDS).contains(&(claims.exp - claims.iat))
        && UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, PUBLIC_KEY.as_slice())
            .verify(signed.as_bytes(), &signature)
            .is_ok()
}

fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()
}
