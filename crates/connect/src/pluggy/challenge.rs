//! Challenges: what a bank asks for while Pluggy reads it, as a form or a page to open.
//!
//! Source: section 4 of the fact sheet. `parameter` is a question with an answer, `userAction` something to do
//! elsewhere. What stands in `attributes` no document says, so it is recognised by its form: an address, a picture, or
//! a text to compare.

use bankside_domain::text::tidy;
use data_encoding::BASE64;
use jiff::Timestamp;
use url::Url;

use super::wire::{Item, Parameter, PersonAction};
use crate::step::{Answered, Form, FormField, FormPicture};

/// What every PNG begins with.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// A text to compare is short.
const MAX_SHOWN_CHARS: usize = 200;

/// What the person meets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A form to fill in or to confirm.
    Form(Box<Form>),
    /// A page to open.
    Page {
        /// Where.
        url: String,
        /// Until when it works.
        expires_at: Timestamp,
    },
}

/// What the bank wants to know; `None` while Pluggy, which is spoken to at this address, has not said it yet. A page that does
/// not say how long it works does `until` then.
pub(super) fn question(item: &Item, bank: &str, pluggy: &Url, until: Timestamp) -> Option<Challenge> {
    let parameter = item.parameter.as_ref()?;
    if let Some(url) = parameter.data.as_deref().and_then(|data| address(data, pluggy)) {
        return Some(page(url, parameter.expires_at, until));
    }
    let label = parameter.label.as_deref().and_then(tidy).unwrap_or_else(|| parameter.name.clone());
    let hints = [&parameter.assistive_text, &parameter.instructions];
    let hint = hints.into_iter().flatten().find_map(|text| tidy(text)).unwrap_or_default();
    let field =
        FormField { key: parameter.name.clone(), label, hint, answered: answered(parameter), is_optional: false };
    Some(Challenge::Form(Box::new(Form {
        title: format!("{bank} asks"),
        message: "The bank wants to know this before Pluggy can read on.".to_owned(),
        is_from_bank: true,
        error: None,
        picture: parameter.data.as_deref().and_then(png).map(|png_base64| FormPicture {
            says: "The picture that the bank shows, from which the answer is read.".to_owned(),
            png_base64,
        }),
        shown: None,
        fields: vec![field],
        submit: "Send".to_owned(),
        expires_at: parameter.expires_at,
    })))
}

/// A choice is made among the labels; [`value_of`] gives the value back.
fn answered(parameter: &Parameter) -> Answered {
    match parameter.kind.as_deref() {
        _ if !parameter.options.is_empty() => {
            let label = |option: &super::wire::Choice| option.label.as_deref().and_then(tidy);
            let labels = parameter.options.iter().map(|option| label(option).unwrap_or_else(|| option.value.clone()));
            Answered::OneOf(labels.collect())
        }
        Some("password") => Answered::Secret,
        _ => Answered::Code,
    }
}

/// What Pluggy wants for an answer: of a choice the value, not what was shown.
pub(super) fn value_of<'a>(parameter: Option<&'a Parameter>, answer: &'a str) -> &'a str {
    let options = parameter.map(|parameter| parameter.options.as_slice()).unwrap_or_default();
    let is_meant = |label: &str| tidy(label).as_deref() == Some(answer);
    let chosen = options.iter().find(|option| option.label.as_deref().is_some_and(is_meant));
    chosen.map_or(answer, |option| option.value.as_str())
}

/// What the person has to do elsewhere; `None` while Pluggy has not said it yet.
pub(super) fn action(item: &Item, bank: &str, pluggy: &Url, until: Timestamp) -> Option<Challenge> {
    let action = item.user_action.as_ref()?;
    let texts: Vec<&str> = action
        .attributes
        .iter()
        .flat_map(|attributes| attributes.values())
        .filter_map(|value| value.as_str())
        .collect();
    let is_qr = action.kind.as_deref() == Some("qr");
    // The address in a QR code is for the phone that scans it.
    if let Some(url) = texts.iter().find_map(|text| address(text, pluggy)).filter(|_| !is_qr) {
        return Some(page(url, action.expires_at, until));
    }
    let picture = texts.iter().find_map(|text| png(text));
    let shown = texts.iter().find_map(|text| tidy(text)).filter(|_| picture.is_none());
    Some(Challenge::Form(Box::new(Form {
        title: format!("Confirm at {bank}"),
        message: instructions(action, is_qr),
        is_from_bank: true,
        error: None,
        picture: picture.map(|png_base64| FormPicture {
            says: "A QR code to be scanned with the bank's app.".to_owned(),
            png_base64,
        }),
        shown: shown.filter(|shown| shown.chars().count() <= MAX_SHOWN_CHARS),
        fields: Vec::new(),
        submit: "I have done it".to_owned(),
        expires_at: action.expires_at,
    })))
}

fn instructions(action: &PersonAction, is_qr: bool) -> String {
    let said = action.instructions.as_deref().and_then(tidy);
    said.unwrap_or_else(|| {
        if is_qr { "Scan the code with the bank's app." } else { "Allow the access in the bank's app." }.to_owned()
    })
}

fn page(url: String, expires_at: Option<Timestamp>, until: Timestamp) -> Challenge {
    Challenge::Page { url, expires_at: expires_at.unwrap_or(until) }
}

/// A web address that a person may be sent to: of https, or as Pluggy itself is spoken to, which is without it at a sandbox on
/// this machine.
fn address(text: &str, pluggy: &Url) -> Option<String> {
    let url = Url::parse(text.trim()).ok()?;
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && pluggy.scheme() == "http");
    (is_safe && url.has_host()).then(|| url.to_string())
}

/// A PNG in base64, with or without the prefix of a data address.
fn png(text: &str) -> Option<String> {
    let text = text.trim();
    let bare = text.strip_prefix("data:image/png;base64,").unwrap_or(text);
    BASE64.decode(bare.as_bytes()).ok()?.starts_with(PNG).then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: &str =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    fn item(fields: &str) -> Item {
        serde_json::from_str(&format!(r#"{{"id":"1b0f3cd5-c902-4836-b68b-04cbd847f99a",{fields}}}"#)).unwrap()
    }

    fn now() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    fn pluggy() -> Url {
        "https://api.pluggy.ai/".parse().unwrap()
    }

    fn form(challenge: Option<Challenge>) -> Form {
        match challenge {
            Some(Challenge::Form(form)) => *form,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn questions_become_forms_in_the_words_of_the_bank() {
        let token =
            r#""parameter":{"name":"token","label":"Código","type":"number","expiresAt":"2026-11-20T12:05:00.000Z"}"#;
        let asked = form(question(&item(token), "Banco Azul", &pluggy(), now()));
        assert_eq!((asked.fields[0].key.as_str(), asked.fields[0].label.as_str()), ("token", "Código"));
        assert_eq!(asked.fields[0].answered, Answered::Code);
        assert_eq!(asked.expires_at, "2026-11-20T12:05:00Z".parse().ok());

        let select = item(
            r#""parameter":{"name":"device","type":"select","options":[{"value":"1","label":"Celular"},{"value":"2"}]}"#,
        );
        let asked = form(question(&select, "Banco Azul", &pluggy(), now()));
        assert_eq!(asked.fields[0].answered, Answered::OneOf(vec!["Celular".to_owned(), "2".to_owned()]));
        let parameter = select.parameter.as_ref();
        assert_eq!((value_of(parameter, "Celular"), value_of(parameter, "2"), value_of(None, "x")), ("1", "2", "x"));

        let image =
            item(&format!(r#""parameter":{{"name":"captcha","type":"image","data":"data:image/png;base64,{TINY}"}}"#));
        let asked = form(question(&image, "Banco Azul", &pluggy(), now()));
        assert_eq!(asked.picture.map(|picture| picture.png_base64).as_deref(), Some(TINY));
        assert_eq!(question(&item(r#""parameter":null"#), "Banco Azul", &pluggy(), now()), None);
    }

    #[test]
    fn what_is_done_elsewhere_is_opened_shown_or_compared() {
        let opened =
            item(r#""userAction":{"type":"authorize-access","attributes":{"url":"https://banco.example/autorizar"}}"#);
        let expires_at = now();
        let page = Challenge::Page { url: "https://banco.example/autorizar".to_owned(), expires_at };
        assert_eq!(action(&opened, "Banco Azul", &pluggy(), now()), Some(page));
        let oauth = item(r#""parameter":{"name":"oauth_code","data":"https://banco.example/oauth"}"#);
        assert!(matches!(question(&oauth, "Banco Azul", &pluggy(), now()), Some(Challenge::Page { .. })));

        let scanned = item(&format!(r#""userAction":{{"type":"qr","attributes":{{"image":"{TINY}"}}}}"#));
        let asked = form(action(&scanned, "Banco Azul", &pluggy(), now()));
        assert!(asked.picture.is_some() && asked.shown.is_none() && asked.fields.is_empty());
        let text = item(
            r#""userAction":{"type":"qr","instructions":"Escaneie","attributes":{"data":"https://banco.example/q"}}"#,
        );
        let asked = form(action(&text, "Banco Azul", &pluggy(), now()));
        assert_eq!((asked.message.as_str(), asked.shown.as_deref()), ("Escaneie", Some("https://banco.example/q")));
        for odd in ["javascript:alert(1)", "http://banco.example/", "https:"] {
            let odd = item(&format!(r#""userAction":{{"type":"authorize-access","attributes":{{"url":"{odd}"}}}}"#));
            assert!(matches!(action(&odd, "Banco Azul", &pluggy(), now()), Some(Challenge::Form(_))));
        }
        let plain = r#""userAction":{"type":"authorize-access","attributes":{"url":"http://127.0.0.1:5007/page"}}"#;
        let sandbox = "http://127.0.0.1:5007/pluggy".parse().unwrap();
        assert!(matches!(action(&item(plain), "Banco Azul", &sandbox, now()), Some(Challenge::Page { .. })));
        assert_eq!(action(&item(r#""userAction":null"#), "Banco Azul", &pluggy(), now()), None);
    }
}
