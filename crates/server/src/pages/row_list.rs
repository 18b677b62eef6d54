//! What the pages have in common that show rows to be decided about: how many there are of them, and what their addresses say.

/// A page has no more options to choose from than this, over all of its rows.
const MOST_OPTIONS: usize = 6_000;
/// How many rows a page shows, where there are not too many categories.
const ROWS: usize = 50;
const LEAST_ROWS: usize = 20;

/// How many rows a page shows that has so many categories to choose from beside each.
pub(super) fn rows_beside(categories: usize) -> i64 {
    i64::try_from((MOST_OPTIONS / categories.max(1)).clamp(LEAST_ROWS, ROWS)).unwrap_or(i64::MAX)
}

/// The address of a page, with what it is filtered by and without the fields that say what was done last.
pub(super) fn address(base: &str, raw: &str, number: Option<i64>, of_deeds: &[&str]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let pairs = url::form_urlencoded::parse(raw.as_bytes());
    query.extend_pairs(pairs.filter(|(name, value)| {
        !of_deeds.contains(&name.as_ref()) && !value.is_empty() && (number.is_none() || name != "page")
    }));
    if let Some(number) = number {
        query.append_pair("page", &number.to_string());
    }
    let query = query.finish();
    if query.is_empty() { base.to_owned() } else { format!("{base}?{query}") }
}

/// The address with what was done.
pub(super) fn with(here: &str, said: &[(&str, String)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(said).finish();
    format!("{here}{}{query}", if here.contains('?') { '&' } else { '?' })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_what_is_filtered_by_and_loses_what_was_done() {
        let raw = "search=caf%C3%A9&account=&page=3&done=x&wrong=y";
        assert_eq!(address("/o", raw, None, &["done", "wrong"]), "/o?search=caf%C3%A9&page=3");
        assert_eq!(address("/o", raw, Some(4), &["done", "wrong"]), "/o?search=caf%C3%A9&page=4");
        assert_eq!(address("/o", "done=x", None, &["done"]), "/o");
        assert_eq!(with("/o", &[("done", "1".to_owned())]), "/o?done=1");
        assert_eq!(with("/o?page=2", &[("done", "1".to_owned())]), "/o?page=2&done=1");
    }

    #[test]
    fn the_more_categories_the_fewer_rows() {
        assert_eq!([0, 10, 200, 100_000].map(rows_beside), [50, 50, 30, 20]);
    }
}
