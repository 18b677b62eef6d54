//! Countries by the names that people look for.

use axum::http::{HeaderMap, header};

/// Countries with the names that people look for.
pub(crate) const NAMES: [(&str, &str); 35] = [
    ("AT", "Austria"),
    ("BE", "Belgium"),
    ("BR", "Brazil"),
    ("BG", "Bulgaria"),
    ("CA", "Canada"),
    ("HR", "Croatia"),
    ("CY", "Cyprus"),
    ("CZ", "Czechia"),
    ("DK", "Denmark"),
    ("EE", "Estonia"),
    ("FI", "Finland"),
    ("FR", "France"),
    ("DE", "Germany"),
    ("GR", "Greece"),
    ("HU", "Hungary"),
    ("IS", "Iceland"),
    ("IE", "Ireland"),
    ("IT", "Italy"),
    ("LV", "Latvia"),
    ("LI", "Liechtenstein"),
    ("LT", "Lithuania"),
    ("LU", "Luxembourg"),
    ("MT", "Malta"),
    ("NL", "Netherlands"),
    ("NO", "Norway"),
    ("PL", "Poland"),
    ("PT", "Portugal"),
    ("RO", "Romania"),
    ("SK", "Slovakia"),
    ("SI", "Slovenia"),
    ("ES", "Spain"),
    ("SE", "Sweden"),
    ("GB", "United Kingdom"),
    ("US", "United States"),
    ("XX", "Sandbox"),
];

/// A country's name, or its code where it has none here.
pub(crate) fn country_name(code: &str) -> &str {
    NAMES.iter().find(|(known, _)| *known == code).map_or(code, |(_, name)| name)
}

/// The country that a browser's languages speak of, such as `DE` of `de-DE,en;q=0.5`.
pub(crate) fn of_browser(headers: &HeaderMap) -> Option<&'static str> {
    let languages = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    languages.split(',').find_map(|language| {
        let tag = language.split(';').next().unwrap_or_default().trim();
        let region = tag.split('-').skip(1).find(|part| part.len() == 2)?;
        NAMES.iter().map(|(code, _)| *code).find(|code| *code != "XX" && code.eq_ignore_ascii_case(region))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_tells_where_it_speaks_its_language() {
        let of = |languages: &'static str| {
            let headers = [(header::ACCEPT_LANGUAGE, languages.parse().unwrap())].into_iter().collect();
            of_browser(&headers)
        };
        assert_eq!(of("de-at,de;q=0.8,en-US;q=0.5"), Some("AT"));
        assert_eq!(of("de,en-GB;q=0.5"), Some("GB"));
        assert_eq!(of("sr-Latn-RS, sl-SI"), Some("SI"), "the first that anybody reaches");
        assert_eq!(of("de"), None);
        assert_eq!(of("xx-XX"), None);
    }
}
