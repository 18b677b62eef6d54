//! Characters that providers write as entities of HTML, although nobody asked them for a web page.

/// The entities that occur; the ampersand comes last, so that nothing is decoded twice.
const ENTITIES: [(&str, &str); 8] = [
    ("&#39;", "'"),
    ("&#x27;", "'"),
    ("&apos;", "'"),
    ("&quot;", "\""),
    ("&nbsp;", " "),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&amp;", "&"),
];

/// The text with its entities read.
pub(crate) fn decoded(text: &str) -> String {
    let mut text = text.to_owned();
    for (entity, character) in ENTITIES {
        if text.contains(entity) {
            text = text.replace(entity, character);
        }
    }
    text
}

/// The text without elements of HTML, its entities read.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, from) = rest.split_at(start);
        plain.push_str(before);
        let is_element = from[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!');
        if let Some(end) = from.find('>').filter(|_| is_element) {
            plain.push(' ');
            rest = &from[end + 1..];
        } else {
            plain.push('<');
            rest = &from[1..];
        }
    }
    plain.push_str(rest);
    decoded(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_go_and_entities_are_read_once() {
        for (text, expected) in [
            ("Bob&#39;s &amp; Co", "Bob's & Co"),
            ("&amp;lt;", "&lt;"),
            ("<b>slow</b> today", " slow  today"),
            ("a < b and c > d", "a < b and c > d"),
            ("<script>alert(1)</script>x", " alert(1) x"),
            ("<b", "<b"),
            ("&lt;b&gt;", "<b>"),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }
}
