//! Texts in texts: lists that come as a string with JSON in it, or with something that only looks like JSON, and characters
//! written as entities of HTML. Source: sections 0 (9) and 6 of the fact sheet.

use serde_json::value::RawValue;

use crate::entities::decoded;

/// The texts of a list: one of JSON, a string that holds one, a string with single quotes in place of double ones, or one text
/// that is no list. They are left as they came, entities included. What is blank is no text.
pub(super) fn list_in(raw: Option<&RawValue>) -> Vec<String> {
    let Some(raw) = raw else { return Vec::new() };
    let text = match serde_json::from_str::<Vec<String>>(raw.get()) {
        Ok(list) => return says_something(list),
        Err(_) => serde_json::from_str::<String>(raw.get()).unwrap_or_default(),
    };
    let text = text.trim();
    let plain = decoded(text);
    // Entities may stand for the quotes of the list itself.
    for candidate in [text, plain.as_str()] {
        if let Ok(list) = serde_json::from_str::<Vec<String>>(candidate) {
            return says_something(list);
        }
    }
    match plain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inside) => says_something(quoted_texts(inside)),
        None => says_something(vec![text.to_owned()]),
    }
}

fn says_something(list: Vec<String>) -> Vec<String> {
    list.into_iter().filter(|text| !text.trim().is_empty()).collect()
}

/// The texts between quotes of either kind. A quote ends a text only where a comma or the end follows, because an apostrophe
/// is the same character.
fn quoted_texts(inside: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = inside;
    while let Some(start) = rest.find(['\'', '"']) {
        let quote = rest[start..].chars().next().unwrap_or('\'');
        let body = &rest[start + 1..];
        let is_end = |at: &usize| {
            let after = body[at + 1..].trim_start();
            after.is_empty() || after.starts_with(',')
        };
        let end = body.match_indices(quote).map(|(at, _)| at).find(is_end);
        let text = &body[..end.unwrap_or(body.len())];
        texts.push(text.replace(&format!("\\{quote}"), &quote.to_string()));
        rest = end.map_or("", |end| &body[end + 1..]);
    }
    // A list without quotes holds one text.
    if texts.is_empty() { vec![inside.trim().to_owned()] } else { texts }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Vec<String> {
        list_in(Some(&serde_json::from_str::<Box<RawValue>>(json).unwrap()))
    }

    #[test]
    fn lists_come_in_many_dresses() {
        for (json, expected) in [
            (r#""[\"What is your favorite color?\"]""#, vec!["What is your favorite color?"]),
            (r#""['First pet?','First car?']""#, vec!["First pet?", "First car?"]),
            (
                r#""['What is your pet's name?', 'Mother\\'s name?']""#,
                vec!["What is your pet's name?", "Mother's name?"],
            ),
            (r#""['What&#39;s your pet&#39;s name?']""#, vec!["What's your pet's name?"]),
            (r#""[&quot;First pet?&quot;]""#, vec!["First pet?"]),
            (
                r#""[\"Email me at s*****@example.org\",\"Text xxx-xxx-1234\"]""#,
                vec!["Email me at s*****@example.org", "Text xxx-xxx-1234"],
            ),
            (r#"["a","b"]"#, vec!["a", "b"]),
            (r#""First pet?""#, vec!["First pet?"]),
            (r#""[First pet?]""#, vec!["First pet?"]),
            (r#""['unfinished]""#, vec!["unfinished"]),
            (r#""[]""#, vec![]),
            (r#""""#, vec![]),
            ("null", vec![]),
            ("12", vec![]),
            ("[1,2]", vec![]),
        ] {
            assert_eq!(read(json), expected, "{json}");
        }
    }

    #[test]
    fn what_goes_back_is_as_it_came_and_what_is_shown_is_decoded() {
        let came = read(r#""[\"Call Bob&#39;s phone\"]""#);
        assert_eq!(came, ["Call Bob&#39;s phone"]);
        assert_eq!(decoded(&came[0]), "Call Bob's phone");
    }
}
