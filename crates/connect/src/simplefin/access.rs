//! What a person pastes: a setup token, which is an address in base64, or the access URL that it was exchanged for. Source:
//! section 1 of the fact sheet. Both come from outside and are secrets.

use bankside_domain::Secret;
use data_encoding::{BASE64, BASE64_NOPAD};
use url::Url;

/// What was pasted.
#[derive(Debug)]
pub(super) enum Pasted {
    /// Where a token is claimed.
    Token(Url),
    /// The access itself.
    Access(Access),
}

/// An access, taken apart.
#[derive(Debug, Clone)]
pub(super) struct Access {
    /// Where it leads, without user and password. Nothing secret.
    pub(super) root: Url,
    /// What the header says.
    pub(super) basic: Secret,
}

impl Pasted {
    /// Reads what was pasted; `None` where it is neither.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text: String = text.split_whitespace().collect();
        if text.contains("://") {
            return match Access::read(&text) {
                Some(access) => Some(Self::Access(access)),
                None => claim_address(&text).map(Self::Token),
            };
        }
        let standard: String = text
            .trim_end_matches('=')
            .chars()
            .map(|c| match c {
                '-' => '+',
                '_' => '/',
                other => other,
            })
            .collect();
        let decoded = String::from_utf8(BASE64_NOPAD.decode(standard.as_bytes()).ok()?).ok()?;
        claim_address(decoded.trim()).map(Self::Token)
    }
}

/// An address without user and password.
fn claim_address(text: &str) -> Option<Url> {
    let url = web_address(text)?;
    (url.username().is_empty() && url.password().is_none() && url.path().contains("/claim/")).then_some(url)
}

fn web_address(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
}

impl Access {
    /// Reads an access URL; `None` where it has no user or no password.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut root = web_address(text.trim())?;
        let (user, password) = (decoded(root.username())?, decoded(root.password()?)?);
        // A user name ends at the first colon.
        if user.is_empty() || user.contains(':') {
            return None;
        }
        root.set_username("").ok()?;
        root.set_password(None).ok()?;
        root.set_query(None);
        root.set_fragment(None);
        let both = Secret::new(format!("{user}:{password}"));
        Some(Self { root, basic: Secret::new(format!("Basic {}", BASE64.encode(both.expose().as_bytes()))) })
    }
}

/// A part of an address with what is escaped in it read; `None` where that is no text.
fn decoded(part: &str) -> Option<String> {
    let bytes = part.as_bytes();
    let mut read = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| part.get(at + 1..at + 3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit())))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        read.push(escaped.unwrap_or(bytes[at]));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8(read).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The token of the Bridge's demo (fact sheet, section 7).
    const DEMO: &str = "aHR0cHM6Ly9icmlkZ2Uuc2ltcGxlZmluLm9yZy9zaW1wbGVmaW4vY2xhaW0vZGVtbw==";

    fn claimed_at(text: &str) -> Option<String> {
        match Pasted::read(text)? {
            Pasted::Token(url) => Some(url.to_string()),
            Pasted::Access(_) => None,
        }
    }

    #[test]
    fn tokens_are_read_with_and_without_padding_white_space_and_in_the_other_alphabet() {
        let address = "https://bridge.simplefin.org/simplefin/claim/demo";
        let broken = DEMO.split_at(30);
        for text in
            [DEMO, DEMO.trim_end_matches('='), &format!("  {DEMO}\n"), &format!("{}\n {}", broken.0, broken.1), address]
        {
            assert_eq!(claimed_at(text).as_deref(), Some(address), "{text}");
        }
        let odd = "https://example.org/claim/a?b>>c~~";
        let url_safe = data_encoding::BASE64URL_NOPAD.encode(odd.as_bytes());
        assert!(url_safe.contains('_') || url_safe.contains('-'), "{url_safe}");
        assert_eq!(claimed_at(&url_safe), Some(Url::parse(odd).unwrap().to_string()));
    }

    #[test]
    fn an_access_url_is_taken_apart() {
        let read = |text: &str| match Pasted::read(text) {
            Some(Pasted::Access(access)) => Some((access.root.to_string(), access.basic.expose().to_owned())),
            _ => None,
        };
        let basic = |both: &str| format!("Basic {}", BASE64.encode(both.as_bytes()));
        for (text, root, both) in [
            ("https://demo:demo@bridge.simplefin.org/simplefin", "https://bridge.simplefin.org/simplefin", "demo:demo"),
            ("https://a:b%3Ac%2F%25@example.org:8443/x/?q#f", "https://example.org:8443/x/", "a:b:c/%"),
            ("https://u:p%zz@example.org/", "https://example.org/", "u:p%zz"),
            ("https://u:gr%C3%BC%C3%9F@example.org/", "https://example.org/", "u:grüß"),
        ] {
            assert_eq!(read(text), Some((root.to_owned(), basic(both))), "{text}");
        }
    }

    #[test]
    fn anything_else_is_neither() {
        for text in [
            "",
            "not the right one",
            "https://bridge.simplefin.org/simplefin",
            "https://demo@bridge.simplefin.org/simplefin",
            "https://a%3Ab:c@example.org/",
            "ftp://demo:demo@example.org/claim/x",
            "file:///claim/x",
            "javascript://x/claim/y",
            "aHR0cHM6Ly9leGFtcGxlLm9yZy8",
        ] {
            assert!(Pasted::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        let access = Access::read("https://user-7c1:pass-7c1@example.org/").unwrap();
        assert!(!format!("{access:?}").contains("7c1"), "{access:?}");
    }
}
