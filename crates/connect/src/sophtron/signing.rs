//! Signing: what proves each request. Source: section 2 of the fact sheet.
//!
//! Signed is the method and the end of the address, in lower case. Neither body nor time is part of it.

use bankside_domain::Secret;
use bankside_domain::fault::{FaultClass, UserAction};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use sha2::Sha256;
use url::Url;

use crate::fault::Fault;

/// The value of the `Authorization` header of a call. The key is the user key as Sophtron shows it, in base64.
pub(super) fn authorization(user_id: &str, access_key: &str, method: &Method, url: &Url) -> Result<Secret, Fault> {
    let path = signed_path(url);
    let signature = signature(&key(access_key)?, method, &path)?;
    Ok(Secret::new(format!("FIApiAUTH:{user_id}:{signature}:{path}")))
}

/// The bytes of a user key. One that is no base64 is refused before any call is made with it.
pub(super) fn key(access_key: &str) -> Result<Vec<u8>, Fault> {
    let bytes = BASE64.decode(access_key.trim().as_bytes()).ok().filter(|bytes| !bytes.is_empty());
    bytes.ok_or_else(|| {
        let message = "The user key is not whole: it is a text in base64, as Sophtron shows it.";
        Fault::new(FaultClass::NeedsOperator, "sophtron.key_not_base64", message)
            .with_action(UserAction::FixCredentials)
    })
}

/// Everything from the last slash of an address on, its query included, in lower case.
fn signed_path(url: &Url) -> String {
    let text = url.as_str();
    text[text.rfind('/').unwrap_or_default()..].to_lowercase()
}

fn signature(key: &[u8], method: &Method, path: &str) -> Result<String, Fault> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|error| {
        Fault::new(FaultClass::Bug, "sophtron.signing", "A request to Sophtron could not be signed.").with_source(error)
    })?;
    mac.update(method.as_str().to_uppercase().as_bytes());
    mac.update(b"\n");
    mac.update(path.as_bytes());
    Ok(BASE64.encode(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER_ID: &str = "7f3b2c1a-0d4e-4a5b-9c6d-1e2f3a4b5c6d";
    const ACCESS_KEY: &str = "c2ltdWxhdG9yLWFjY2Vzcy1rZXktMDEyMzQ1Njc4OQ==";

    #[test]
    fn the_vectors_of_the_fact_sheet() {
        let post = "https://api.sophtron.com/api/UserInstitution/GetUserInstitutionAccounts";
        let ranged = "https://api.sophtron.com/api/v2/customers/c/accounts/a/transactions?startDate=2026-01-01&endDate=2026-01-31";
        for (method, url, path, signature) in [
            (Method::POST, post, "/getuserinstitutionaccounts", "G+cgY/e7BgZsIFB6G3gMFA/WzUH2C53YPf7Was+yAII="),
            (
                Method::GET,
                "https://api.sophtron.com/api/v2/customers",
                "/customers",
                "Gz3Kiv3bzYxlqNKvHMSWuZgopb9nc66Nxhx4i+AnQ5g=",
            ),
            (
                Method::GET,
                ranged,
                "/transactions?startdate=2026-01-01&enddate=2026-01-31",
                "b1iJSJCIVc7h0XGdnsvPUdD1pq4q3W0cUEZlU1uS1s0=",
            ),
        ] {
            let header = authorization(USER_ID, ACCESS_KEY, &method, &url.parse().unwrap()).unwrap();
            assert_eq!(header.expose(), format!("FIApiAUTH:{USER_ID}:{signature}:{path}"), "{url}");
        }
    }

    #[test]
    fn the_signed_path_begins_at_the_last_slash() {
        for (url, path) in [
            ("https://a.example/api/v2/customers?uniqueID=Alice", "/customers?uniqueid=alice"),
            ("https://a.example/api/v2/customers/?uniqueId=x", "/?uniqueid=x"),
            ("https://a.example/api/v2/customers/", "/"),
            ("https://a.example", "/"),
        ] {
            assert_eq!(signed_path(&url.parse().unwrap()), path, "{url}");
        }
    }

    #[test]
    fn a_key_that_is_no_base64_is_refused() {
        for wrong in ["", "   ", "not the right one", "c2ltdWxhdG9y=", "c2ltdWxhdG9yLWFjY2Vzcw"] {
            let fault = key(wrong).unwrap_err();
            assert_eq!((fault.class(), fault.code()), (FaultClass::NeedsOperator, "sophtron.key_not_base64"));
        }
        assert!(key(" c2ltdWxhdG9y\n").is_ok(), "white space around it is none of it");
    }
}
