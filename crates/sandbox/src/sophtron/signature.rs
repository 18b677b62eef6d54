//! The header `Authorization: FIApiAUTH:<userId>:<signature>:<authPath>` (fact sheet §2).
//!
//! Only the method and the end of the path are signed: no body, no time. So a header can be used again for every address
//! that ends alike, and the simulator lets that happen.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const SCHEME: &str = "FIApiAUTH";

/// What a header of this scheme says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signed<'a> {
    user_id: &'a str,
    signature: &'a str,
    auth_path: &'a str,
}

impl<'a> Signed<'a> {
    /// Reads a header; `None` when it is of another scheme or lacks a part.
    pub(super) fn read(header: &'a str) -> Option<Self> {
        let mut parts = header.splitn(4, ':');
        if parts.next()? != SCHEME {
            return None;
        }
        Some(Self { user_id: parts.next()?, signature: parts.next()?, auth_path: parts.next()? })
    }

    /// Whether it was made for this user with this key and method.
    pub(super) fn is_right(&self, user_id: &str, access_key: &str, method: &str) -> bool {
        self.user_id.eq_ignore_ascii_case(user_id)
            && signature(access_key, method, self.auth_path).is_some_and(|right| right == self.signature)
    }

    /// Whether it was made for what this address ends with. `address` is path and query as they were sent. Job types are
    /// joined with a bar, which is escaped in an address and may be raw where it is signed (§2 `[?]`).
    pub(super) fn is_for(&self, address: &str, bar_is_raw: bool) -> bool {
        let address = address.to_lowercase();
        let ends = |address: &str| self.auth_path.starts_with('/') && address.ends_with(self.auth_path);
        ends(&address) || (bar_is_raw && ends(&address.replace("%7c", "|")))
    }
}

/// Signs a method and a path with a key in base64; `None` when the key is none.
fn signature(access_key: &str, method: &str, auth_path: &str) -> Option<String> {
    let key = BASE64.decode(access_key.as_bytes()).ok()?;
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).ok()?;
    mac.update(format!("{}\n{auth_path}", method.to_uppercase()).as_bytes());
    Some(BASE64.encode(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = "7f3b2c1a-0d4e-4a5b-9c6d-1e2f3a4b5c6d";
    const KEY: &str = "c2ltdWxhdG9yLWFjY2Vzcy1rZXktMDEyMzQ1Njc4OQ==";

    #[test]
    fn the_test_vectors_hold() {
        for (method, path, right) in [
            ("POST", "/getuserinstitutionaccounts", "G+cgY/e7BgZsIFB6G3gMFA/WzUH2C53YPf7Was+yAII="),
            ("GET", "/customers", "Gz3Kiv3bzYxlqNKvHMSWuZgopb9nc66Nxhx4i+AnQ5g="),
            (
                "GET",
                "/transactions?startdate=2026-01-01&enddate=2026-01-31",
                "b1iJSJCIVc7h0XGdnsvPUdD1pq4q3W0cUEZlU1uS1s0=",
            ),
        ] {
            assert_eq!(signature(KEY, method, path).as_deref(), Some(right), "{path}");
            assert_eq!(signature(KEY, &method.to_lowercase(), path).as_deref(), Some(right), "{path}");
        }
        assert_eq!(signature("no base64!", "GET", "/customers"), None);
    }

    #[test]
    fn a_header_holds_for_what_the_address_ends_with_and_for_nothing_else() {
        let header =
            |method: &str, path: &str| format!("FIApiAUTH:{USER}:{}:{path}", signature(KEY, method, path).unwrap());
        let holds = |header: &str, method: &str, address: &str| {
            Signed::read(header)
                .is_some_and(|signed| signed.is_right(USER, KEY, method) && signed.is_for(address, true))
        };
        let last = header("GET", "/transactions?startdate=2026-01-01");
        assert!(holds(&last, "GET", "/api/v2/customers/c/accounts/a/Transactions?startDate=2026-01-01"));
        assert!(!holds(&last, "POST", "/api/v2/customers/c/accounts/a/transactions?startDate=2026-01-01"));
        assert!(!holds(&last, "GET", "/api/v2/customers/c/accounts/a/transactions?startDate=2026-01-02"));
        assert!(!holds(&last.replace(USER, "7f3b2c1a-0d4e-4a5b-9c6d-1e2f3a4b5c6e"), "GET", "/transactions"));
        let long = header("POST", "/userinstitution/getuserinstitutionaccounts");
        assert!(holds(&long, "POST", "/api/UserInstitution/GetUserInstitutionAccounts"), "from the first slash");
        let none = header("GET", "");
        assert!(!holds(&none, "GET", "/api/v2/customers"), "nothing is the end of everything");
        let shouted = header("GET", "/Customers");
        assert!(!holds(&shouted, "GET", "/api/v2/Customers"), "what is signed is lower case");
        let bar = header("POST", "/aggregate|history");
        assert!(holds(&bar, "POST", "/members/aggregate%7Chistory"));
        assert!(!Signed::read(&bar).unwrap().is_for("/members/aggregate%7Chistory", false));
        assert_eq!(Signed::read("Bearer x"), None);
        assert_eq!(Signed::read("FIApiAUTH:a:b"), None);
    }
}
