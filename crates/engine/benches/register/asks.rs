//! What is asked of the books.

use bankside_domain::AccountId;
use bankside_engine::{Direction, Filter, MappingQuery, MappingTab, RegisterQuery, RowState, Sort};

use super::house::House;

/// One question.
pub(super) struct Ask {
    what: What,
}

enum What {
    /// The rows that the page itself stands on: accounts, their status, what waits for a person.
    Standing,
    /// What there is left to do.
    Unfinished(Option<AccountId>),
    /// A page of what is left to map, with suggestions, or of what is mapped.
    Mapping(Box<MappingQuery>),
    /// A page of the register.
    Page(Box<RegisterQuery>),
}

/// Texts that are searched for, with what they find.
const SEARCHES: [(&str, &str); 14] = [
    ("one letter, half of all", "e"),
    ("one letter, nothing", "\u{17f}\u{3b2}"),
    ("two letters, a third", "th"),
    ("two figures, many", "47"),
    ("three letters, a third", "tha"),
    ("three letters, few", "f3a"),
    ("ten letters, a tenth", "lastschrift"),
    ("an umlaut, a seventh", "Wärme"),
    ("two words, a third", "thank you"),
    ("a receipt, one", "receipt 471,"),
    ("a number, some", "4711"),
    ("an amount", "12,40"),
    ("a payee", "apotheke 4"),
    ("nothing", "zzzqqq"),
];

const SORTS: [(&str, Sort); 6] = [
    ("account", Sort::Account),
    ("payee", Sort::Payee),
    ("note", Sort::Note),
    ("category", Sort::Category),
    ("amount", Sort::Amount),
    ("state", Sort::State),
];

const FILTERS: [&str; 11] = [
    "dates",
    "at least",
    "at most",
    "money in",
    "category",
    "no category",
    "payee",
    "cleared",
    "typed",
    "new",
    "edited",
];

const PLACES: [(&str, usize, usize); 4] =
    [("a quarter down", 1, 4), ("in the middle", 1, 2), ("far down", 3, 4), ("at the end", 1, 1)];

/// What each question is called, in the order of [`all`].
pub(super) fn names() -> Vec<String> {
    let mut names = vec!["page: standing".to_owned(), "page: left to do".to_owned()];
    names.extend(["to map", "to map, in the middle", "mapped"].map(str::to_owned));
    names.push("first rows".to_owned());
    names.extend(PLACES.iter().map(|(place, ..)| format!("rows {place}")));
    names.extend(SORTS.iter().map(|(sort, _)| format!("by {sort}")));
    for ask in ["rows", "totals"] {
        names.extend(FILTERS.iter().map(|filter| format!("{ask}, {filter}")));
        names.extend(SEARCHES.iter().map(|(search, _)| format!("{ask}, {search}")));
    }
    names
}

/// All questions to books of so many rows; of the only account, or of all accounts together.
pub(super) async fn all(house: &House, rows: usize, is_one: bool) -> Vec<Ask> {
    let accounts = house.store.accounts(&house.asker).await.unwrap();
    let account = is_one.then(|| accounts[0].id);
    let query = RegisterQuery { account, limit: 200, ..RegisterQuery::default() };
    let page = |query| What::Page(Box::new(query));
    let mut asks = vec![What::Standing, What::Unfinished(account)];
    let middle = i64::try_from(rows / 4).unwrap();
    for (tab, offset) in [(MappingTab::Unmapped, 0), (MappingTab::Unmapped, middle), (MappingTab::Mapped, 0)] {
        let rows = RegisterQuery { offset, limit: 50, ..query.clone() };
        asks.push(What::Mapping(Box::new(MappingQuery { asset: None, tab, rows })));
    }
    asks.push(page(query.clone()));
    for (_, part, of) in PLACES {
        let offset = i64::try_from((rows * part / of).min(rows.saturating_sub(100))).unwrap();
        asks.push(page(RegisterQuery { offset, ..query.clone() }));
    }
    for (_, sort) in SORTS {
        let is_ascending = sort != Sort::Amount;
        asks.push(page(RegisterQuery { sort, is_ascending, ..query.clone() }));
    }
    let categories = house.store.categories(&house.asker).await.unwrap();
    let category = categories.iter().find(|category| category.name == "Groceries").unwrap().id;
    let payee = house.store.payees(&house.asker, "nordmarkt 8", 1).await.unwrap()[0].id;
    let whole = |minor: i64| Some([minor / 100, minor / 10, minor, minor * 10, minor * 100]);
    let filters = [
        Filter {
            from: Some(jiff::civil::date(2025, 1, 1)),
            to: Some(jiff::civil::date(2025, 12, 31)),
            ..Filter::default()
        },
        Filter { min: whole(199_000), ..Filter::default() },
        Filter { max: whole(1_000), ..Filter::default() },
        Filter { direction: Some(Direction::In), ..Filter::default() },
        Filter { category: Some(Some(category)), ..Filter::default() },
        Filter { category: Some(None), ..Filter::default() },
        Filter { payee: Some(payee), ..Filter::default() },
        Filter { state: Some(RowState::Cleared), ..Filter::default() },
        Filter { state: Some(RowState::Typed), ..Filter::default() },
        Filter { is_new: true, ..Filter::default() },
        Filter { is_edited: true, ..Filter::default() },
    ];
    // As the register does it: the first rows do not wait for what all come to, which is asked for beside them.
    for (limit, leaves_totals) in [(query.limit, true), (1, false)] {
        let query = RegisterQuery { limit, leaves_totals, ..query.clone() };
        asks.extend(filters.iter().map(|filter| page(RegisterQuery { filter: filter.clone(), ..query.clone() })));
        let search =
            |(_, search): &(_, &str)| page(RegisterQuery { search: Some((*search).to_owned()), ..query.clone() });
        asks.extend(SEARCHES.iter().map(search));
    }
    asks.into_iter().map(|what| Ask { what }).collect()
}

impl Ask {
    /// Has it answered, and looks at nothing.
    pub(super) async fn answer(&self, house: &House) {
        let (engine, asker) = (&house.engine, &house.asker);
        match &self.what {
            What::Standing => {
                let standing = engine.standing(asker).await.unwrap();
                engine.count_suspicions(asker, &standing).await.unwrap();
            }
            What::Unfinished(account) => {
                engine.unfinished(asker, *account).await.unwrap();
            }
            What::Mapping(query) => {
                engine.mapping(asker, query).await.unwrap();
            }
            What::Page(query) => {
                engine.register(asker, query).await.unwrap();
            }
        }
    }
}
