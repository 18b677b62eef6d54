//! What a search means: where it looks, and for what. Said once, and used in two ways: as the set of what is found, and as a
//! condition of one row.

use bankside_domain::text::fold;

use super::RegisterQuery;
use crate::db::Session;
use crate::dialect::containing;

/// What a typed search may mean.
pub(super) struct Search {
    /// For `LIKE`.
    pub(super) pattern: String,
    /// The same for the engine's own index of notes, where it has one and the text is long enough for it.
    pub(super) phrase: Option<String>,
    /// The amounts that it may mean, in minor units, in and out.
    pub(super) minors: Vec<i64>,
    /// What stands between the parts of a set.
    pub(super) union: &'static str,
}

impl Search {
    pub(super) fn of(request: &RegisterQuery, session: &Session) -> Option<Self> {
        let folded = folded(request)?;
        let phrase = session.note_phrase(&folded);
        Some(Self { pattern: containing(&folded), phrase, minors: amounts(&folded), union: session.union() })
    }

    /// Where it looks.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        let looks = |place: &Place| *place != Place::Amount || !self.minors.is_empty();
        [Place::Payee, Place::Amount, Place::Category, Place::Tag, Place::Note].into_iter().filter(looks)
    }
}

/// The text that is searched for, as texts are kept to be compared; nothing where none was typed.
pub(super) fn folded(request: &RegisterQuery) -> Option<String> {
    let folded = fold(request.search.as_deref()?.trim_start_matches('#'));
    (!folded.is_empty()).then_some(folded)
}

/// Where a search looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The payee's name.
    Payee,
    /// The amount.
    Amount,
    /// The names of the categories of its lines.
    Category,
    /// The names of the tags of its lines.
    Tag,
    /// The notes of its lines.
    Note,
}

impl Place {
    /// Whether it belongs to a line of the row; otherwise to the row itself.
    pub(super) fn is_of_line(self) -> bool {
        matches!(self, Self::Category | Self::Tag | Self::Note)
    }
}

/// The amounts, in minor units, that a text may mean: `12.40`, `12,40` and `-12.4` all find 1240 of a currency with cents.
fn amounts(text: &str) -> Vec<i64> {
    let text = text.trim_start_matches(['-', '+', '\u{2212}']).replace(',', ".");
    let digits = |part: &str| !part.is_empty() && part.len() <= 15 && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    if !digits(whole) || !(part.is_empty() || digits(part)) || part.len() > 3 {
        return Vec::new();
    }
    let of_scale = |scale: usize| format!("{whole}{part:0<scale$}").parse::<i64>().ok();
    let minors = [0, 2, 3].into_iter().filter(|scale| part.len() <= *scale).filter_map(of_scale);
    minors.flat_map(|minor| [minor, -minor]).collect()
}

/// Appends the condition that a search finds its text in one place: of the row `t`, or of its line `s`.
macro_rules! push_in_place {
    ($query:expr, $place:expr, $organization:expr, $search:expr) => {{
        match $place {
            Place::Payee => {
                $query.push("t.payee_id IN (SELECT p.id FROM payees p WHERE p.organization_id = ");
                $query.push_bind($organization).push(" AND p.name_folded LIKE ");
                $query.push_bind($search.pattern.clone()).push(" ESCAPE '\\')");
            }
            Place::Amount => {
                // The accounts are named, so that the index by account and amount serves.
                $query.push("t.account_id IN (SELECT a.id FROM accounts a WHERE a.organization_id = ");
                $query.push_bind($organization).push(") AND t.amount_minor IN ");
                push_list(&mut $query, $search.minors.iter().copied());
            }
            Place::Category => {
                $query.push("s.category_id IN (SELECT k.id FROM categories k WHERE k.organization_id = ");
                $query.push_bind($organization).push(" AND k.name_folded LIKE ");
                $query.push_bind($search.pattern.clone()).push(" ESCAPE '\\')");
            }
            Place::Tag => {
                $query.push(
                    "s.id IN (SELECT g.line_id FROM line_tags g JOIN tags w ON w.organization_id = g.organization_id \
                     AND w.id = g.tag_id WHERE g.organization_id = ",
                );
                $query.push_bind($organization).push(" AND w.name_folded LIKE ");
                $query.push_bind($search.pattern.clone()).push(" ESCAPE '\\')");
            }
            Place::Note => {
                $query.push("s.note_folded LIKE ").push_bind($search.pattern.clone()).push(" ESCAPE '\\'");
            }
        }
    }};
}

/// Appends a query for the ids of all transactions that a search finds, some of them more than once, deleted ones among them. What
/// stands between its parts is ` UNION ALL ` for whoever stops reading soon, and otherwise what the search says.
macro_rules! push_found {
    ($query:expr, $organization:expr, $search:expr, $union:expr) => {{
        for (nth, place) in $search.places().enumerate() {
            $query.push(if nth > 0 { $union } else { "" });
            match &$search.phrase {
                Some(phrase) if place == Place::Note => {
                    // `CROSS` has SQLite begin with what its index finds.
                    $query.push(
                        "SELECT n.transaction_id FROM note_index CROSS JOIN note_index_lines n ON n.number = note_index.rowid \
                         WHERE note_index MATCH ",
                    );
                    $query.push_bind(phrase.clone()).push(" AND n.organization_id = ").push_bind($organization);
                }
                _ => {
                    $query.push(if place.is_of_line() {
                        "SELECT s.transaction_id FROM transaction_lines s WHERE s.organization_id = "
                    } else {
                        "SELECT t.id FROM transactions t WHERE t.deleted_at IS NULL AND t.organization_id = "
                    });
                    $query.push_bind($organization).push(" AND ");
                    push_in_place!($query, place, $organization, $search);
                }
            }
        }
    }};
}

/// Appends the condition that a search finds the row `t`.
macro_rules! push_is_found {
    ($query:expr, $organization:expr, $search:expr) => {{
        // What is said of `t` inside holds outside already: it keeps PostgreSQL from looking at the lines of all rows first.
        $query.push(
            "(EXISTS (SELECT 1 FROM transaction_lines s WHERE s.organization_id = t.organization_id \
             AND s.transaction_id = t.id AND t.deleted_at IS NULL",
        );
        for (nth, place) in $search.places().filter(|place| place.is_of_line()).enumerate() {
            $query.push(if nth > 0 { " OR " } else { " AND (" });
            push_in_place!($query, place, $organization, $search);
        }
        $query.push("))");
        for place in $search.places().filter(|place| !place.is_of_line()) {
            $query.push(" OR (");
            push_in_place!($query, place, $organization, $search);
            $query.push(")");
        }
        $query.push(")");
    }};
}

pub(super) use {push_found, push_in_place, push_is_found};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_may_be_an_amount() {
        assert_eq!(amounts("12.40"), [1240, -1240, 12400, -12400]);
        assert_eq!(amounts("-12,4"), [1240, -1240, 12400, -12400]);
        assert_eq!(amounts("12"), [12, -12, 1200, -1200, 12000, -12000]);
        for text in ["café", "1.2.3", "12.4567", "", "."] {
            assert!(amounts(text).is_empty(), "{text}");
        }
    }
}
