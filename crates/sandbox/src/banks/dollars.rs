//! The books of a household that banks in dollars: checking, savings and a credit card, lived day by day.
//!
//! What always holds: a day's rows follow from the seed and the days before it, so history never changes when the clock
//! is turned; money that leaves one of the three for another is a row in both; a purchase is pending from its day until
//! the day that it posts on, with the same amount.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use super::{Draw, business_day_of_month, days, next_business};
use crate::memo::Memo;

mod shops;

pub(crate) use shops::{AMERICAN, CANADIAN, Shop};

/// The first day. The documented test bank is asked for 2021 (fact sheet §9).
pub(crate) const EPOCH: Date = date(2021, 1, 1);

const PAY_MINOR: i64 = 238_400;
/// Each January.
const RAISE_MINOR: i64 = 6_150;
const RENT_MINOR: i64 = -136_000;
const FIRST_CHEQUE: u32 = 1001;
/// What checking keeps when the rest is put aside.
const RESERVE_MINOR: i64 = 180_000;
const SAVING_STEP_MINOR: i64 = 2_500;
const SAVING_MAX_MINOR: i64 = 60_000;
/// Interest of 3 % a year, paid monthly.
const INTEREST_PER_YEAR_PERCENT: i64 = 3;

/// Which of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Checking,
    Savings,
    Card,
}

impl Role {
    fn opening_minor(self) -> i64 {
        match self {
            Self::Checking => 214_387,
            Self::Savings => 480_000,
            Self::Card => -31_290,
        }
    }
}

/// Who lives, and where they shop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Household {
    pub(crate) seed: u64,
    pub(crate) shops: &'static [Shop],
    pub(crate) employer: &'static str,
    pub(crate) power: &'static str,
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// A purchase with a card, of either account.
    Shop(&'static Shop),
    Pay(&'static str),
    /// The rent, by cheque of this number.
    Cheque(u32),
    Bill(&'static str),
    ToSavings,
    FromChecking,
    CardPayment,
    PaymentReceived,
    Interest,
}

/// One row, in the owner's view: out is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    /// The day it happened.
    pub(crate) used_on: Date,
    /// The day it posts.
    pub(crate) posts_on: Date,
    /// Which of the account's rows of that day it is.
    pub(crate) in_day: u16,
    pub(crate) minor: i64,
    pub(crate) what: What,
}

/// One account's book as it stands on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Book {
    /// Rows up to that day, in the order in which they post, each with the balance after it. What is pending comes last.
    pub(crate) rows: Vec<(Row, i64)>,
    /// What has been posted, all in all.
    pub(crate) posted_minor: i64,
    /// What is pending, all in all.
    pub(crate) pending_minor: i64,
}

impl Household {
    /// One of the three books at the end of a day. Empty before the first day.
    pub(crate) fn book(&self, role: Role, today: Date) -> Book {
        static LATELY: Memo<(u64, &str, Role, Date), Book> = Memo::new();
        LATELY.get((self.seed, self.employer, role, today), || self.lived(role, today))
    }

    fn lived(&self, role: Role, today: Date) -> Book {
        let mut world = World {
            household: *self,
            checking: Rows::open(Role::Checking),
            savings: Rows::open(Role::Savings),
            card: Rows::open(Role::Card),
            owed_minor: 0,
        };
        for day in days(EPOCH, today) {
            world.live(day);
        }
        let mut rows = match role {
            Role::Checking => world.checking.all,
            Role::Savings => world.savings.all,
            Role::Card => world.card.all,
        };
        rows.sort_by_key(|row| (row.posts_on, row.used_on, row.in_day));
        let mut balance_minor = role.opening_minor();
        let mut book = Book { rows: Vec::new(), posted_minor: balance_minor, pending_minor: 0 };
        for row in rows {
            balance_minor += row.minor;
            if row.posts_on <= today {
                book.posted_minor = balance_minor;
            } else {
                book.pending_minor += row.minor;
            }
            book.rows.push((row, balance_minor));
        }
        book
    }
}

/// All three, up to a day.
struct World {
    household: Household,
    checking: Rows,
    savings: Rows,
    card: Rows,
    /// What was owed on the card when the month began.
    owed_minor: i64,
}

/// The rows of one account while they are being written.
struct Rows {
    all: Vec<Row>,
    /// What has not posted yet: on which day it will, and how much it is.
    waiting: Vec<(Date, i64)>,
    posted_minor: i64,
}

impl Rows {
    fn open(role: Role) -> Self {
        Self { all: Vec::new(), waiting: Vec::new(), posted_minor: role.opening_minor() }
    }

    fn push(&mut self, used_on: Date, posts_on: Date, minor: i64, what: What) {
        let in_day = self.all.iter().rev().take_while(|row| row.used_on == used_on).count();
        self.all.push(Row { used_on, posts_on, in_day: u16::try_from(in_day).unwrap_or(u16::MAX), minor, what });
        self.waiting.push((posts_on, minor));
    }

    /// What has posted until this day, with it. Days come in order.
    fn posted_minor(&mut self, day: Date) -> i64 {
        let posted = self.waiting.iter().filter(|(posts_on, _)| *posts_on <= day).map(|(_, minor)| minor);
        self.posted_minor += posted.sum::<i64>();
        self.waiting.retain(|(posts_on, _)| *posts_on > day);
        self.posted_minor
    }
}

impl World {
    fn live(&mut self, day: Date) {
        match business_day_of_month(day) {
            0 => {}
            1 => {
                self.owed_minor = self.card.posted_minor(day);
                self.cheque(day);
            }
            2 => self.save(day),
            3 | 12 => self.pay(day),
            8 => self.bill(day),
            14 => self.pay_card(day),
            _ if next_business(day).month() != day.month() => self.interest(day),
            _ => {}
        }
        self.shop(day);
    }

    fn pay(&mut self, day: Date) {
        let years = i64::from(day.year()) - i64::from(EPOCH.year());
        let what = What::Pay(self.household.employer);
        self.checking.push(day, day, PAY_MINOR + years * RAISE_MINOR, what);
    }

    /// The rent, whose cheque is presented two business days later.
    fn cheque(&mut self, day: Date) {
        let months = (i32::from(day.year()) - i32::from(EPOCH.year())) * 12 + i32::from(day.month()) - 1;
        let number = FIRST_CHEQUE + u32::try_from(months).unwrap_or(0);
        self.checking.push(day, next_business(next_business(day)), RENT_MINOR, What::Cheque(number));
    }

    fn bill(&mut self, day: Date) {
        let minor = Draw::of(self.household.seed, 2, day).between(-14_900, -7_100);
        self.checking.push(day, day, minor, What::Bill(self.household.power));
    }

    /// What is above the reserve is put aside.
    fn save(&mut self, day: Date) {
        let surplus = self.checking.posted_minor(day) + RENT_MINOR - RESERVE_MINOR;
        let minor = surplus / SAVING_STEP_MINOR * SAVING_STEP_MINOR;
        if minor >= SAVING_STEP_MINOR {
            let minor = minor.min(SAVING_MAX_MINOR);
            self.checking.push(day, day, -minor, What::ToSavings);
            self.savings.push(day, day, minor, What::FromChecking);
        }
    }

    /// What was owed on the card when the month began is paid; the payment arrives a business day later.
    fn pay_card(&mut self, day: Date) {
        if self.owed_minor < 0 {
            self.checking.push(day, day, self.owed_minor, What::CardPayment);
            self.card.push(day, next_business(day), -self.owed_minor, What::PaymentReceived);
        }
    }

    fn interest(&mut self, day: Date) {
        let minor = self.savings.posted_minor(day) * INTEREST_PER_YEAR_PERCENT / 1200;
        self.savings.push(day, day, minor, What::Interest);
    }

    /// Purchases of a day: by either card, and now and then twice the same at one counter.
    fn shop(&mut self, day: Date) {
        let mut draw = Draw::of(self.household.seed, 1, day);
        let on_card = if draw.one_in(4) { 2 } else { draw.below(2) };
        for _ in 0..on_card {
            Self::purchase(&mut self.card, self.household.shops, &mut draw, day);
        }
        if draw.one_in(3) {
            let again = draw.one_in(6);
            Self::purchase(&mut self.checking, self.household.shops, &mut draw, day);
            if again && let Some(row) = self.checking.all.last().copied() {
                self.checking.push(row.used_on, row.posts_on, row.minor, row.what);
            }
        }
    }

    fn purchase(rows: &mut Rows, shops: &'static [Shop], draw: &mut Draw, day: Date) {
        let index = usize::try_from(draw.below(shops.len() as u64)).unwrap_or(0);
        let Some(shop) = shops.get(index) else { return };
        let slow = draw.one_in(3);
        let soon = next_business(day);
        let posts_on = if slow { next_business(soon) } else { soon };
        rows.push(day, posts_on, -draw.between(shop.from_minor, shop.to_minor), What::Shop(shop));
    }
}

/// The civil date in New York, where these banks close their days. The rule is written out, so that no time zone
/// database has to be installed.
pub(crate) fn bank_date(instant: Timestamp) -> Date {
    let zone = TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap_or(TimeZone::UTC);
    instant.to_zoned(zone).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUSEHOLD: Household =
        Household { seed: 7, shops: AMERICAN, employer: "Northgate Works", power: "Ridge Power" };
    const ROLES: [Role; 3] = [Role::Checking, Role::Savings, Role::Card];

    #[test]
    fn history_never_changes_and_what_is_pending_posts() {
        let (today, later) = (date(2026, 11, 20), date(2026, 11, 27));
        for role in ROLES {
            let (before, after) = (HOUSEHOLD.book(role, today), HOUSEHOLD.book(role, later));
            let known = before.rows.iter().take_while(|(row, _)| row.posts_on <= today).count();
            assert!(known > 60 && before.rows[..known] == after.rows[..known], "{role:?}");
            for (row, _) in before.rows.iter().filter(|(row, _)| row.posts_on > today) {
                assert_eq!(after.rows.iter().filter(|(later, _)| later == row).count(), 1, "{role:?} {row:?}");
            }
            let posted = before.rows.iter().filter(|(row, _)| row.posts_on <= today).map(|(row, _)| row.minor);
            assert_eq!(before.posted_minor, role.opening_minor() + posted.sum::<i64>());
        }
        assert_eq!(HOUSEHOLD.book(Role::Card, date(2020, 12, 31)).rows, []);
    }

    #[test]
    fn the_three_stay_where_people_can_live() {
        for year in 2021..=2030 {
            for month in 1..=12 {
                let day = date(year, month, 17);
                assert!(HOUSEHOLD.book(Role::Checking, day).posted_minor > 0, "{day}");
                assert!(HOUSEHOLD.book(Role::Card, day).posted_minor < 0, "{day}");
            }
        }
        let day = date(2026, 11, 20);
        assert!(HOUSEHOLD.book(Role::Savings, day).posted_minor > 500_000);
        assert!((-300_000..-10_000).contains(&HOUSEHOLD.book(Role::Card, day).posted_minor));
    }

    #[test]
    fn something_is_pending_on_most_days_and_coffees_come_twice() {
        let pending = |day: &Date| HOUSEHOLD.book(Role::Card, *day).pending_minor != 0;
        let count = days(date(2026, 11, 1), date(2026, 11, 30)).filter(pending).count();
        assert!(count > 15, "{count}");
        let rows = HOUSEHOLD.book(Role::Checking, date(2026, 11, 20)).rows;
        let twice = rows.windows(2).filter(|pair| {
            let [(first, _), (second, _)] = pair else { return false };
            first.used_on == second.used_on && first.minor == second.minor && first.what == second.what
        });
        assert!(twice.count() > 5);
    }

    #[test]
    fn the_day_ends_in_new_york() {
        assert_eq!(bank_date("2026-01-15T04:59:59Z".parse().unwrap()), date(2026, 1, 14));
        assert_eq!(bank_date("2026-07-15T04:00:00Z".parse().unwrap()), date(2026, 7, 15));
    }
}
