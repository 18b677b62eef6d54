//! Signing: tokens that a private key makes, without asking anybody. Source: section 2 of the fact sheet.
//!
//! What always holds: the key is read from what was pasted, however its lines were broken, and what is wrong with it is said without
//! telling any of it.

use bankside_domain::Secret;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use super::problem;
use crate::fault::Fault;

const ISSUER: &str = "enablebanking.com";
const AUDIENCE: &str = "api.enablebanking.com";
/// A token is said to have been made a little before it was, because clocks differ.
const LEEWAY_SECS: i64 = 5;
/// So long a token holds. A day would be allowed.
pub(super) const TOKEN_SECS: i64 = 3600;

const PKCS8: &str = "PRIVATE KEY";
const PKCS1: &str = "RSA PRIVATE KEY";

/// A private key.
pub(super) struct Signer(RsaKeyPair);

impl Signer {
    /// Reads a key in PEM, of either form that there is of RSA keys without a passphrase.
    pub(super) fn read(pem: &Secret) -> Result<Self, Fault> {
        let (label, der) = unwrapped(pem.expose())?;
        let pair = match label.as_str() {
            PKCS8 => RsaKeyPair::from_pkcs8(&der),
            PKCS1 => RsaKeyPair::from_der(&der),
            _ if label.contains("ENCRYPTED") => {
                return Err(problem::no_key(
                    "This private key has a passphrase. Save it without one, and use that file.",
                ));
            }
            _ if label.contains("PUBLIC") || label.contains("CERTIFICATE") => {
                return Err(problem::no_key("This is the public half of a key pair. The private half is needed here."));
            }
            _ => return Err(problem::no_key("This is no private key for RSA.")),
        };
        pair.map(Self).map_err(|refused| {
            // Its words name what is wrong and nothing of the key.
            problem::no_key("This private key cannot be read, or is no RSA key of 2048 to 4096 bits.")
                .with_source(refused.to_string())
        })
    }

    /// A token for an application, from now on.
    pub(super) fn token(&self, application: &str, now: Timestamp) -> Result<Secret, Fault> {
        let issued = now.as_second() - LEEWAY_SECS;
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": application });
        let claims = json!({ "iss": ISSUER, "aud": AUDIENCE, "iat": issued, "exp": issued + TOKEN_SECS });
        let text = format!("{}.{}", part(&header), part(&claims));
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| problem::no_key("Nothing can be signed with this private key."))?;
        Ok(Secret::new(format!("{text}.{}", BASE64URL_NOPAD.encode(&signature))))
    }
}

fn part(value: &Value) -> String {
    BASE64URL_NOPAD.encode(value.to_string().as_bytes())
}

/// Label and bytes of the first thing in a PEM text. Line breaks may have been lost, or stand there as `\n`, as they do in environments.
fn unwrapped(pem: &str) -> Result<(String, Vec<u8>), Fault> {
    let none = || problem::no_key("This is no private key: it does not begin with -----BEGIN PRIVATE KEY-----.");
    let (_, rest) = pem.split_once("-----BEGIN ").ok_or_else(none)?;
    let (label, rest) = rest.split_once("-----").ok_or_else(none)?;
    let (body, _) = rest.split_once("-----END ").ok_or_else(|| {
        problem::no_key("This private key breaks off: its last line, -----END PRIVATE KEY-----, is missing.")
    })?;
    if body.contains("ENCRYPTED") {
        return Ok(("ENCRYPTED".to_owned(), Vec::new()));
    }
    let body: String = body.replace("\\n", "").chars().filter(|c| !c.is_whitespace()).collect();
    let der = BASE64.decode(body.as_bytes());
    Ok((label.trim().to_owned(), der.map_err(|_| problem::no_key("This private key is damaged: it is no base64."))?))
}

#[cfg(test)]
mod tests;
