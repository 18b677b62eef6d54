//! The figures of a cashflow as rows and cells, each with the way to the rows of the register behind it.

use bankside_domain::cashflow::{Extent, Group, Line, Reach, Table};
use bankside_domain::{Amount, CategoryId, Currency, Month};
use bankside_engine::{Cashflow, Flow};

use crate::view::chart::{PairedBars, Room};
use crate::view::day::Today;
use crate::view::shell::Shell;

/// What lines without a category are called.
pub(super) const UNMAPPED: &str = "Unmapped";
/// What lines of a main category are called that have none of its subcategories.
pub(super) const ITSELF: &str = "Without a subcategory";

/// The figures of one currency.
pub(super) struct TableView {
    pub(super) currency: String,
    /// Its name on the page, to be jumped to.
    pub(super) id: String,
    /// The same picture for a whole sheet and for a small window: what is written in it is to be read in both.
    pub(super) charts: [PairedBars; 2],
    pub(super) months: Vec<String>,
    pub(super) rows: Vec<RowView>,
    /// What came in and what went out of all of them.
    pub(super) flows: Vec<RowView>,
    /// What is left.
    pub(super) left: [RowView; 1],
}

/// A row.
pub(super) struct RowView {
    pub(super) name: String,
    /// Whether it is a part of the row above it that is none.
    pub(super) is_below: bool,
    /// Whether rows below say what it consists of.
    pub(super) is_group: bool,
    /// Whether it is of all categories.
    pub(super) is_sum: bool,
    pub(super) cells: Vec<Cell>,
    pub(super) total: Cell,
}

/// A figure.
pub(super) struct Cell {
    pub(super) text: String,
    /// Without its format, as a file has it.
    pub(super) plain: String,
    pub(super) is_in: bool,
    /// Where the rows behind it are; none where there are none.
    pub(super) url: Option<String>,
}

/// What of a flow a row shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    In,
    Out,
}

/// Which rows of the register stand behind a row of the table.
#[derive(Debug, Clone, Copy)]
enum Behind {
    All,
    Main(CategoryId),
    Category(Option<CategoryId>),
}

struct Drawing<'a> {
    table: &'a Table,
    reach: Reach,
    reader: &'a Today,
    /// The register of all accounts.
    register: String,
    /// Whether there are other currencies beside this one.
    is_one_of_many: bool,
}

/// Every table of a cashflow that has rows.
pub(super) fn of(cashflow: &Cashflow, reach: Reach, shell: &Shell) -> Vec<TableView> {
    let tables: Vec<&Table> = cashflow.tables.iter().filter(|table| !table.groups.is_empty()).collect();
    let is_one_of_many = cashflow.tables.len() > 1;
    let draw = |table: &&Table| {
        let register = shell.at("transactions");
        Drawing { table, reach, reader: &shell.today, register, is_one_of_many }.draw()
    };
    tables.iter().map(draw).collect()
}

impl Drawing<'_> {
    fn draw(&self) -> TableView {
        let code = self.table.currency.code;
        let mut rows = Vec::new();
        for group in &self.table.groups {
            self.push_group(group, &mut rows);
        }
        let all = Line { category: None, name: String::new(), flows: self.table.sums.clone(), total: self.table.total };
        let sum =
            |name: &str, side| RowView { name: name.to_owned(), is_sum: true, ..self.row(&all, Behind::All, side) };
        TableView {
            id: format!("in-{}", code.as_str().to_lowercase()),
            currency: code.to_string(),
            charts: [Room::Sheet, Room::Card].map(|room| self.chart(room)),
            months: self.table.months.iter().map(|month| month.first_day().strftime("%b").to_string()).collect(),
            rows,
            flows: vec![sum("Money in", Side::In), sum("Money out", Side::Out)],
            left: [sum("Left", Side::Left)],
        }
    }

    fn push_group(&self, group: &Group, rows: &mut Vec<RowView>) {
        let line = &group.line;
        let behind = match line.category {
            None => Behind::Category(None),
            Some(main) => Behind::Main(main),
        };
        let name = if line.category.is_none() { UNMAPPED.to_owned() } else { line.name.clone() };
        rows.push(RowView { name, is_group: !group.below.is_empty(), ..self.row(line, behind, Side::Left) });
        for below in &group.below {
            let is_main_itself = below.category == line.category;
            let name = if is_main_itself { ITSELF.to_owned() } else { below.name.clone() };
            let row = self.row(below, Behind::Category(below.category), Side::Left);
            rows.push(RowView { name, is_below: true, ..row });
        }
    }

    fn row(&self, line: &Line, behind: Behind, side: Side) -> RowView {
        let months = &self.table.months;
        let cells = line.flows.iter().zip(months).map(|(flow, month)| self.cell(*flow, side, behind, *month, *month));
        let (first, last) = (months.first().copied(), months.last().copied());
        let total = match (first, last) {
            (Some(first), Some(last)) => self.cell(line.total, side, behind, first, last),
            _ => Cell { text: String::new(), plain: String::new(), is_in: false, url: None },
        };
        RowView { name: String::new(), is_below: false, is_group: false, is_sum: false, cells: cells.collect(), total }
    }

    fn cell(&self, flow: Flow, side: Side, behind: Behind, first: Month, last: Month) -> Cell {
        let minor = match side {
            Side::Left => flow.left_minor(),
            Side::In => flow.in_minor,
            Side::Out => flow.out_minor,
        };
        let is_blank = match side {
            Side::Left => flow == Flow::default(),
            Side::In | Side::Out => minor == 0,
        };
        let currency = self.table.currency;
        Cell {
            text: if is_blank { "–".to_owned() } else { self.reader.amount(minor, currency) },
            plain: plain(minor, currency),
            is_in: minor > 0,
            url: (!is_blank).then(|| self.address(side, behind, first, last)),
        }
    }

    /// The register with the rows that a figure is made of.
    fn address(&self, side: Side, behind: Behind, first: Month, last: Month) -> String {
        let mut words = url::form_urlencoded::Serializer::new(String::new());
        words.append_pair("from", &first.first_day().to_string());
        words.append_pair("to", &last.last_day().to_string());
        let of = self.reach.asset.map_or_else(|| "organization".to_owned(), |asset| asset.to_string());
        words.append_pair("cashflow", &of);
        if self.reach.extent == Extent::Alone {
            words.append_pair("reach", "alone");
        }
        if self.is_one_of_many {
            words.append_pair("currency", self.table.currency.code.as_str());
        }
        match behind {
            Behind::All => {}
            Behind::Main(main) => _ = words.append_pair("main_category", &main.to_string()),
            Behind::Category(None) => _ = words.append_pair("category", "none"),
            Behind::Category(Some(category)) => _ = words.append_pair("category", &category.to_string()),
        }
        match side {
            Side::Left => {}
            Side::In => _ = words.append_pair("direction", "in"),
            Side::Out => _ = words.append_pair("direction", "out"),
        }
        format!("{}?{}", self.register, words.finish())
    }

    fn chart(&self, room: Room) -> PairedBars {
        let (currency, total) = (self.table.currency, self.table.total);
        let amount = |minor: i64| self.reader.amount(minor, currency);
        let code = currency.code;
        let label = format!(
            "Money in and out by month: in {} {code}, out {} {code}, left {} {code}",
            amount(total.in_minor),
            amount(total.out_minor.saturating_abs()),
            amount(total.left_minor()),
        );
        let pairs = self.table.months.iter().zip(&self.table.sums).map(|(month, flow)| {
            let name = month.first_day().strftime("%b").to_string();
            (name, flow.in_minor, flow.out_minor.saturating_abs())
        });
        let this_month = Month::of(self.reader.date());
        let current = self.table.months.iter().position(|month| *month == this_month);
        PairedBars { label, pairs: pairs.collect(), current, digits: currency.scale, room }
    }
}

/// An amount as exact decimal text.
fn plain(minor: i64, currency: Currency) -> String {
    Amount::new(minor, currency).to_decimal_text()
}
