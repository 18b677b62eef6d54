//! The figures of the overview as charts, each with its table.

use bankside_domain::{Currency, Month};
use bankside_engine::{CategoryMonth, Flow};

use super::{Asked, Change, Told, address, change, home};
use crate::view::chart::{AreaChart, Bar, PairedBars, Room, Sparkline};
use crate::view::day::Today;
use crate::view::shell::Shell;

/// So many accounts are listed unless all are asked for.
const MOST_ACCOUNTS: usize = 30;

/// `Nov`, with its year where that is another one than today's and its place is the first.
fn short(month: Month, is_first: bool, overview: &Told<'_>) -> String {
    let is_other_year = is_first && month.first_day().year() != overview.today.year();
    month.first_day().strftime(if is_other_year { "%b \u{2019}%y" } else { "%b" }).to_string()
}

/// `Nov`, or `Dec ’25` where the year is another one than today's.
fn told(month: Month, overview: &Told<'_>) -> String {
    let is_this_year = month.first_day().year() == overview.today.year();
    month.first_day().strftime(if is_this_year { "%b" } else { "%b \u{2019}%y" }).to_string()
}

/// `November`, with its year where that is another one than today's.
fn named(month: Month, overview: &Told<'_>) -> String {
    let format = if month.first_day().year() == overview.today.year() { "%B" } else { "%B %Y" };
    month.first_day().strftime(format).to_string()
}

/// `Nov 2026`.
fn dated(month: Month) -> String {
    month.first_day().strftime("%b %Y").to_string()
}

/// The month before the first shown one, whose end is the first point of every balance.
fn before(overview: &Told<'_>) -> Month {
    overview.months.first().map_or(overview.month, |month| month.plus(-1))
}

/// The names of points: the month before, then each month.
fn points(overview: &Told<'_>) -> Vec<Month> {
    std::iter::once(before(overview)).chain(overview.months.iter().copied()).collect()
}

/// Net worth over time.
pub(super) struct NetWorth {
    pub(super) figure: String,
    pub(super) currency: String,
    pub(super) change: Change,
    pub(super) since: String,
    pub(super) chart: AreaChart,
    /// Latest first: where it stood at the end of which month, and what the month had added.
    pub(super) rows: Vec<(String, String, Option<Change>)>,
}

impl NetWorth {
    pub(super) fn of(overview: &Told<'_>) -> Self {
        let values = &overview.net_worth;
        let (first, last) = (values.first().copied().unwrap_or_default(), values.last().copied().unwrap_or_default());
        let months = points(overview);
        let since = format!("since the end of {}", dated(before(overview)));
        let went = match last.cmp(&first) {
            std::cmp::Ordering::Greater => "grew",
            std::cmp::Ordering::Less => "fell",
            std::cmp::Ordering::Equal => "stayed",
        };
        let code = overview.currency.code;
        let label = format!(
            "Net worth {went} from {} {code} at the end of {} to {} {code} now",
            home(first, overview),
            dated(before(overview)),
            home(last, overview),
        );
        let named = months.iter().zip(values).enumerate();
        let named = named.map(|(index, (month, value))| (short(*month, index == 0, overview), *value));
        let rows = months.iter().zip(values).enumerate().map(|(index, (month, value))| {
            let name = if index + 1 == values.len() { "Now".to_owned() } else { format!("End of {}", dated(*month)) };
            let added =
                index.checked_sub(1).and_then(|before| values.get(before)).map(|before| value.saturating_sub(*before));
            (name, home(*value, overview), added.map(|added| change(added, overview)))
        });
        Self {
            figure: home(last, overview),
            currency: code.to_string(),
            change: change(last.saturating_sub(first), overview),
            since,
            chart: AreaChart { label, points: named.collect(), digits: overview.currency.scale },
            rows: rows.rev().collect(),
        }
    }
}

/// In and out by month.
pub(super) struct Cashflow {
    pub(super) chart: PairedBars,
    /// Latest first.
    pub(super) rows: Vec<FlowRow>,
    pub(super) sum: FlowRow,
    pub(super) has_rows: bool,
}

/// One line of in, out and what is left.
pub(super) struct FlowRow {
    pub(super) name: String,
    pub(super) into: Change,
    pub(super) out: String,
    pub(super) left: Change,
}

impl FlowRow {
    fn of(name: String, flow: Flow, overview: &Told<'_>) -> Self {
        Self {
            name,
            into: change(flow.in_minor, overview),
            out: home(flow.out_minor, overview),
            left: change(flow.left_minor(), overview),
        }
    }
}

impl Cashflow {
    pub(super) fn of(overview: &Told<'_>) -> Self {
        let shown = || overview.months.iter().zip(&overview.flows);
        let sum = overview.flows.iter().fold(Flow::default(), |sum, flow| Flow {
            in_minor: sum.in_minor.saturating_add(flow.in_minor),
            out_minor: sum.out_minor.saturating_add(flow.out_minor),
        });
        let span = match (overview.months.first(), overview.months.last()) {
            (Some(first), Some(last)) if first != last => format!("{} to {}", dated(*first), dated(*last)),
            _ => dated(overview.month),
        };
        let code = overview.currency.code;
        let label = format!(
            "Money in and out, {span}: in {} {code}, out {} {code}, left {} {code}",
            home(sum.in_minor, overview),
            home(sum.out_minor.saturating_abs(), overview),
            home(sum.left_minor(), overview),
        );
        let pairs: Vec<_> = shown()
            .map(|(month, flow)| (short(*month, false, overview), flow.in_minor, flow.out_minor.saturating_abs()))
            .collect();
        let (current, digits) = (pairs.len().checked_sub(1), overview.currency.scale);
        Self {
            chart: PairedBars { label, pairs, current, digits, room: Room::Card },
            rows: shown().rev().map(|(month, flow)| FlowRow::of(told(*month, overview), *flow, overview)).collect(),
            sum: FlowRow::of(span, sum, overview),
            has_rows: overview.flows.iter().any(|flow| *flow != Flow::default()),
        }
    }
}

/// One month by category.
pub(super) struct CategoryTable {
    pub(super) title: String,
    pub(super) month: String,
    pub(super) previous: Option<(String, String)>,
    pub(super) next: Option<(String, String)>,
    /// `average of 12 months before`; nothing where there was no month before.
    pub(super) average: Option<String>,
    pub(super) rows: Vec<CategoryLine>,
    pub(super) left: String,
    pub(super) left_average: String,
}

/// A category's line.
pub(super) struct CategoryLine {
    pub(super) name: String,
    pub(super) url: String,
    /// Whether it is of rows that have no category yet.
    pub(super) needs_one: bool,
    pub(super) bar: Bar,
    pub(super) value: Change,
    pub(super) average: String,
}

/// A line before it is drawn.
struct Counted {
    name: String,
    /// What of the register it is, beside the days.
    filter: String,
    needs_one: bool,
    minor: i64,
    average_minor: i64,
}

impl CategoryTable {
    pub(super) fn of(overview: &Told<'_>, shell: &Shell, asked: &Asked) -> Self {
        let mut lines: Vec<Counted> = overview.categories.iter().flat_map(|of| lines_of(of, overview)).collect();
        lines.retain(|line| line.minor != 0 || line.average_minor != 0);
        // Money out first, the most of it on top; then money in.
        lines.sort_by_key(|line| {
            let weight = if line.minor == 0 { line.average_minor } else { line.minor };
            (weight > 0, std::cmp::Reverse(weight.unsigned_abs()))
        });
        let most = lines.iter().map(|line| line.minor.unsigned_abs().max(line.average_minor.unsigned_abs())).max();
        let most = i64::try_from(most.unwrap_or(0)).unwrap_or(i64::MAX);
        let days = format!("from={}&to={}", overview.month.first_day(), overview.month.last_day());
        let rows = lines.into_iter().map(|line| CategoryLine {
            url: shell.at(&format!("transactions?{}&{days}", line.filter)),
            needs_one: line.needs_one,
            bar: Bar::of(line.minor, line.average_minor, most),
            value: change(line.minor, overview),
            average: overview.reader.signed(line.average_minor, overview.currency),
            name: line.name,
        });
        let total = overview.categories.iter().fold(0_i64, |sum, of| sum.saturating_add(of.before.left_minor()));
        let this_month = Month::of(overview.today);
        let link = |month: Month| {
            let text = if month == this_month { String::new() } else { month.to_string() };
            (named(month, overview), format!("{}#categories", address(asked.range(), &text, &asked.accounts)))
        };
        Self {
            title: format!("{} by category", named(overview.month, overview)),
            month: named(overview.month, overview),
            previous: (overview.month > overview.first_month).then(|| link(overview.month.plus(-1))),
            next: (overview.month < this_month).then(|| link(overview.month.plus(1))),
            average: match overview.average_months {
                0 => None,
                1 => Some("the month before".to_owned()),
                months => Some(format!("average of {months} months before")),
            },
            rows: rows.collect(),
            left: overview.reader.signed(overview.month_flow.left_minor(), overview.currency),
            left_average: overview.reader.signed(average(total, overview), overview.currency),
        }
    }
}

/// A category is what is left of its ins and outs, so that what was paid back does not count. Lines without a category belong
/// to nothing together: their ins and outs stay apart.
fn lines_of(of: &CategoryMonth, overview: &Told<'_>) -> Vec<Counted> {
    if let Some(category) = of.category {
        return vec![Counted {
            name: of.path.join(" ▸ "),
            filter: format!("category={category}"),
            needs_one: false,
            minor: of.flow.left_minor(),
            average_minor: average(of.before.left_minor(), overview),
        }];
    }
    let line = |direction: &str, minor, before| Counted {
        name: format!("No category, {direction}"),
        filter: format!("category=none&direction={direction}"),
        needs_one: true,
        minor,
        average_minor: average(before, overview),
    };
    vec![line("out", of.flow.out_minor, of.before.out_minor), line("in", of.flow.in_minor, of.before.in_minor)]
}

/// An average over the months before, to the nearest minor unit.
fn average(total: i64, overview: &Told<'_>) -> i64 {
    let months = i128::from(overview.average_months.max(1));
    let half = if total < 0 { -months / 2 } else { months / 2 };
    i64::try_from((i128::from(total) + half) / months).unwrap_or(0)
}

/// The balances of the accounts over time.
pub(super) struct BalanceTable {
    pub(super) groups: Vec<BalanceGroup>,
    pub(super) months: Vec<String>,
    pub(super) since: String,
    /// How many accounts are not listed, and where all are.
    pub(super) more: Option<(usize, String)>,
}

/// Accounts of one currency.
pub(super) struct BalanceGroup {
    pub(super) currency: String,
    pub(super) rows: Vec<BalanceRow>,
    pub(super) sum: BalanceRow,
    /// Whether they are what net worth is made of.
    pub(super) is_home: bool,
}

/// The balances of one account.
pub(super) struct BalanceRow {
    pub(super) name: String,
    /// The path of the asset that the account belongs to.
    pub(super) path: Option<String>,
    pub(super) url: String,
    pub(super) line: Sparkline,
    pub(super) points: Vec<String>,
    pub(super) change: Change,
}

impl BalanceRow {
    fn of(name: String, url: String, points: &[i64], currency: Currency, reader: &Today) -> Self {
        let moved = points.last().copied().unwrap_or(0).saturating_sub(points.first().copied().unwrap_or(0));
        Self {
            name,
            path: None,
            url,
            line: Sparkline::of(points),
            points: points.iter().map(|minor| reader.amount(*minor, currency)).collect(),
            change: Change { text: reader.signed(moved, currency), is_in: moved > 0 },
        }
    }

    pub(super) fn first(&self) -> &str {
        self.points.first().map_or("", String::as_str)
    }

    pub(super) fn now(&self) -> &str {
        self.points.last().map_or("", String::as_str)
    }
}

impl BalanceTable {
    pub(super) fn of(overview: &Told<'_>, shell: &Shell, asked: &Asked) -> Self {
        let views = overview.standing.accounts.iter().zip(&overview.balances);
        let mut open: Vec<_> = views.filter(|(view, _)| !view.account.is_closed).collect();
        let total = open.len();
        let mut currencies: Vec<Currency> = vec![overview.currency];
        for (view, _) in &open {
            if !currencies.iter().any(|currency| currency.code == view.account.currency.code) {
                currencies.push(view.account.currency);
            }
        }
        let sums: Vec<Vec<i64>> = currencies
            .iter()
            .map(|currency| sum_of(open.iter().filter(|(view, _)| view.account.currency.code == currency.code)))
            .collect();
        if total > MOST_ACCOUNTS && !asked.wants_all() {
            open.sort_by_key(|(view, _)| std::cmp::Reverse(view.account.balance_minor().unsigned_abs()));
            open.truncate(MOST_ACCOUNTS);
        }
        let more = total - open.len();
        let groups = currencies.into_iter().zip(sums).filter_map(|(currency, sum)| {
            let of = open.iter().filter(|(view, _)| view.account.currency.code == currency.code);
            let row = |(view, points): &(&bankside_engine::AccountView, &Vec<i64>)| {
                let url = shell.at(&format!("accounts/{}", view.account.id));
                let path = shell.account_path(view.account.id);
                BalanceRow { path, ..BalanceRow::of(view.account.name.clone(), url, points, currency, overview.reader) }
            };
            let rows: Vec<BalanceRow> = of.map(row).collect();
            let code = currency.code.to_string();
            let sum = BalanceRow::of(format!("All in {code}"), String::new(), &sum, currency, overview.reader);
            let is_home = currency.code == overview.currency.code;
            (!rows.is_empty()).then_some(BalanceGroup { currency: code, rows, sum, is_home })
        });
        Self {
            groups: groups.collect(),
            months: points(overview).into_iter().map(dated).collect(),
            since: format!("End of {}", dated(before(overview))),
            more: (more > 0).then(|| (more, format!("{}#balances", address(asked.range(), &asked.month, "all")))),
        }
    }
}

fn sum_of<'a>(accounts: impl Iterator<Item = &'a (&'a bankside_engine::AccountView, &'a Vec<i64>)>) -> Vec<i64> {
    accounts.fold(Vec::new(), |mut sums, (_, points)| {
        sums.resize(points.len(), 0_i64);
        for (sum, point) in sums.iter_mut().zip(points.iter()) {
            *sum = sum.saturating_add(*point);
        }
        sums
    })
}
