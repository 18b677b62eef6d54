//! Which formats a browser's languages suggest, by what the Unicode locale data (CLDR) has for them.

use super::{DateFormat, Formats, NumberFormat};

/// The formats of the language that a header `Accept-Language` wants most and that is known here.
pub(super) fn formats(accept_language: &str) -> Formats {
    let mut wanted: Vec<(u32, &str)> = accept_language.split(',').filter_map(wanted).collect();
    // Stable: of two that are wanted as much, the one that was named first.
    wanted.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    wanted.into_iter().find_map(|(_, tag)| of_tag(tag)).unwrap_or_default()
}

/// `de-CH;q=0.8` as its weight in thousandths and its tag; nothing for what is not wanted.
fn wanted(part: &str) -> Option<(u32, &str)> {
    let (tag, parameters) = part.split_once(';').unwrap_or((part, ""));
    let weight = match parameters.trim().strip_prefix("q=") {
        Some(weight) => thousandths(weight.trim()),
        None => 1000,
    };
    (weight > 0).then(|| (weight, tag.trim()))
}

fn thousandths(weight: &str) -> u32 {
    let (whole, part) = weight.split_once('.').unwrap_or((weight, ""));
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    format!("{whole}{part}").parse().unwrap_or(0)
}

/// The formats of a language tag such as `pt-BR`; nothing for a language that is not known here.
fn of_tag(tag: &str) -> Option<Formats> {
    let lower = tag.to_ascii_lowercase();
    let mut parts = lower.split('-');
    let language = parts.next()?;
    // A script, as in `zh-Hant-TW`, has four letters; a region has two, or three digits.
    let region = parts.find(|part| part.len() == 2 || part.len() == 3).unwrap_or_default();
    Some(Formats { numbers: numbers(language, region)?, dates: dates(language, region) })
}

fn numbers(language: &str, region: &str) -> Option<NumberFormat> {
    Some(match (language, region) {
        ("de" | "it" | "rm" | "gsw", "ch" | "li") | ("rm" | "gsw", _) => NumberFormat::ApostrophePoint,
        ("en", "in") | ("hi" | "bn" | "ta" | "te" | "mr" | "gu" | "kn" | "ml" | "pa", _) => NumberFormat::Indian,
        ("en", "za")
        | ("pt", "pt")
        | (
            "fr" | "pl" | "cs" | "sk" | "sv" | "nb" | "nn" | "no" | "fi" | "ru" | "uk" | "hu" | "bg" | "lt" | "lv"
            | "et",
            _,
        ) => NumberFormat::SpaceComma,
        ("es", "mx" | "us" | "gt" | "hn" | "sv" | "ni" | "pa" | "pe" | "do" | "pr" | "419")
        | ("en" | "ja" | "zh" | "ko" | "th" | "he", _) => NumberFormat::CommaPoint,
        ("de" | "nl" | "es" | "it" | "pt" | "da" | "tr" | "id" | "el" | "ro" | "hr" | "sl" | "sr" | "vi" | "ca", _) => {
            NumberFormat::PointComma
        }
        _ => return None,
    })
}

fn dates(language: &str, region: &str) -> DateFormat {
    match (language, region) {
        ("en", "us") => DateFormat::MonthFirst,
        ("en" | "fr", "ca") | ("sv" | "lt" | "hu" | "ja" | "zh" | "ko", _) => DateFormat::Iso,
        ("en", _) => DateFormat::Worded,
        ("fr", "ch")
        | (
            "de" | "gsw" | "rm" | "ru" | "uk" | "pl" | "cs" | "sk" | "fi" | "nb" | "nn" | "no" | "da" | "tr" | "ro"
            | "bg" | "et" | "lv" | "hr" | "sl" | "sr" | "he",
            _,
        ) => DateFormat::Points,
        _ => DateFormat::DayFirst,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_is_wanted_most_decides() {
        use DateFormat::*;
        use NumberFormat::*;
        for (header, numbers, dates) in [
            ("", CommaPoint, Worded),
            ("en-GB", CommaPoint, Worded),
            ("en-US,en;q=0.9", CommaPoint, MonthFirst),
            ("de-DE,de;q=0.9,en;q=0.8", PointComma, Points),
            ("de-CH", ApostrophePoint, Points),
            ("fr-CH, fr;q=0.9", SpaceComma, Points),
            ("fr-FR", SpaceComma, DayFirst),
            ("fr-CA", SpaceComma, Iso),
            ("pt-PT", SpaceComma, DayFirst),
            ("pt-BR", PointComma, DayFirst),
            ("es-419", CommaPoint, DayFirst),
            ("en-IN", Indian, Worded),
            ("zh-Hant-TW", CommaPoint, Iso),
            ("en;q=0.2, sv;q=0.75", SpaceComma, Iso),
            ("tlh, it;q=0.5", PointComma, DayFirst),
            ("de;q=0, en", CommaPoint, Worded),
            (";;q=,*;q=x", CommaPoint, Worded),
        ] {
            assert_eq!(formats(header), Formats { numbers, dates }, "{header}");
        }
    }
}
