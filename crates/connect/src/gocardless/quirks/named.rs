//! The three functions that are code.

use std::sync::LazyLock;

use regex::Regex;

use super::apply::Draft;

/// Texts of BNP's Belgian banks: `key: value, key: ['a', 'b']` in one string. Where a card was used and what the bank tells
/// about it belong to the text for people; the place, or else the first thing told, names a counterparty that has no name.
pub(super) fn bnp_kv(draft: &mut Draft<'_>) {
    let Some(text) = &draft.wire.additional_information else { return };
    let pairs = key_values(text);
    let of = |wanted: &str| {
        let pair = pairs.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted));
        pair.map(|(_, values)| values.clone()).unwrap_or_default()
    };
    let (place, narrative) = (of("atmPosName"), of("narrative"));
    if place.is_empty() && narrative.is_empty() {
        return;
    }
    let name = place.first().or(narrative.first()).cloned();
    draft.lines.extend(place.into_iter().chain(narrative));
    if draft.wire.remittance_information_unstructured.as_deref().is_none_or(|text| text.trim().is_empty()) {
        draft.remittance = Some(draft.lines.join(" "));
    }
    if !draft.has_party() {
        draft.name_party(name);
    }
}

static KEY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?:^|,)\s*([A-Za-z][A-Za-z0-9]*):\s*").ok());

/// The pairs, with the values of a list one by one. A key is a word after a comma that is in no quotes and in no list.
fn key_values(text: &str) -> Vec<(&str, Vec<String>)> {
    let Some(pattern) = KEY.as_ref() else { return Vec::new() };
    let mut pairs = Vec::new();
    let mut rest = text;
    while let Some(found) = pattern.captures(rest) {
        let (Some(whole), Some(key)) = (found.get(0), found.get(1)) else { break };
        let value = &rest[whole.end()..];
        let length = value_length(value, pattern);
        pairs.push((key.as_str(), values(&value[..length])));
        rest = &value[length..];
    }
    pairs
}

/// A list ends with its bracket, a quoted text with its quote, and a plain one where the next key begins.
fn value_length(value: &str, key: &Regex) -> usize {
    let closing = if value.starts_with('[') {
        value.find(']')
    } else if let Some(quoted) = value.strip_prefix('\'') {
        quoted.find("',").map(|end| end + 1)
    } else {
        None
    };
    closing.map(|end| end + 1).or_else(|| key.find(value).map(|next| next.start())).unwrap_or(value.len())
}

fn values(value: &str) -> Vec<String> {
    let inner = value.trim();
    let one = |text: &str| text.trim().trim_matches('\'').trim().to_owned();
    let items: Vec<String> = match inner.strip_prefix('[') {
        Some(list) => {
            let list = list.trim_end_matches(']');
            if list.contains('\'') {
                list.split('\'').skip(1).step_by(2).map(one).collect()
            } else {
                list.split(',').map(one).collect()
            }
        }
        None => vec![one(inner)],
    };
    items.into_iter().filter(|item| !item.is_empty()).collect()
}

/// Keywords of the Commerzbank that its fixed lines cut in two anywhere.
const KEYWORDS: [&str; 6] =
    ["End-to-End-Ref.:", "Mandatsref:", "Gläubiger-ID:", "SEPA-BASISLASTSCHRIFT", "Kartenzahlung", "Dauerauftrag"];

static SPLIT_KEYWORDS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    let pattern = |word: &str| word.chars().map(|c| regex::escape(&c.to_string())).collect::<Vec<_>>().join(r"\s*");
    let compiled = |word: &'static str| Some((Regex::new(&format!(r"[\s,]*{}\s*", pattern(word))).ok()?, word));
    KEYWORDS.into_iter().filter_map(compiled).collect()
});

/// Texts of the Commerzbank: the keywords are put together again and set off by commas, and what only repeats the name of the
/// counterparty or says that there is no reference goes.
pub(super) fn commerz_keywords(draft: &mut Draft<'_>) {
    let Some(text) = draft.remittance.take() else { return };
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (pattern, word) in SPLIT_KEYWORDS.iter() {
        text = pattern.replace_all(&text, format!(", {word} ").as_str()).into_owned();
    }
    if let Some(name) = draft.text(super::Field::Party) {
        text = without_name(&text, name);
    }
    text = text.replace(", End-to-End-Ref.: NOTPROVIDED", "");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim_matches([' ', ',']);
    draft.remittance = (!text.is_empty()).then(|| text.to_owned());
}

/// The bank writes the words of a name with slashes or spaces between them.
fn without_name(text: &str, name: &str) -> String {
    let words: Vec<String> = name.split([' ', '/']).filter(|word| !word.is_empty()).map(regex::escape).collect();
    if words.is_empty() {
        return text.to_owned();
    }
    let pattern = format!(r"(?i)(^|[\s/,]){}($|[\s/,])", words.join("[ /]+"));
    match Regex::new(&pattern) {
        Ok(pattern) => pattern.replace_all(text, "$1$2").into_owned(),
        Err(_) => text.to_owned(),
    }
}

static ESCAPES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?:\\U[0-9A-Fa-f]{4})+").ok());

/// Texts of HYPE between people: runs of `\Uxxxx` are UTF-16. What does not decode stays as it is.
pub(super) fn hype_unescape(draft: &mut Draft<'_>) {
    let (Some(text), Some(escapes)) = (&draft.remittance, ESCAPES.as_ref()) else { return };
    let decoded = escapes.replace_all(text, |found: &regex::Captures<'_>| {
        let units = found[0].split(r"\U").skip(1).map(|unit| u16::from_str_radix(unit, 16));
        let units: Vec<u16> = units.filter_map(Result::ok).collect();
        String::from_utf16(&units).unwrap_or_else(|_| found[0].to_owned())
    });
    draft.remittance = Some(decoded.into_owned());
}
