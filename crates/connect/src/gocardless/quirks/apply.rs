//! The draft of a row, and how rules work on it.

use bankside_domain::row::RowStatus;
use jiff::civil::Date;

use super::{AmountRule, Case, Condition, Day, Field, How, Named, Rule, Source, named, pattern};
use crate::gocardless::wire::Transaction;
use crate::words::says_something;

/// A row between the wire and our words. Texts are as sent, white space and all; tidying comes last.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(super) wire: &'a Transaction,
    pub(super) status: RowStatus,
    pub(super) today: Date,
    /// Decimal text and currency, as sent or as a rule found them.
    pub(crate) amount: String,
    pub(crate) currency: String,
    pub(crate) creditor: Option<String>,
    pub(crate) debtor: Option<String>,
    pub(crate) remittance: Option<String>,
    pub(super) lines: Vec<String>,
    pub(crate) booked_on: Option<Date>,
    pub(crate) value_on: Option<Date>,
    /// The day that a rule chose.
    pub(crate) day: Option<Date>,
    pub(crate) has_bank_id: bool,
    pub(crate) is_dropped: bool,
}

impl<'a> Draft<'a> {
    /// The draft of an institution that has no rules.
    pub(crate) fn new(wire: &'a Transaction, status: RowStatus, today: Date) -> Self {
        let lines = wire.remittance_information_unstructured_array.clone().unwrap_or_default();
        let structured = wire.remittance_information_structured_array.as_ref().map(|lines| lines.join(" "));
        let remittance = [
            wire.remittance_information_unstructured.clone(),
            Some(lines.join(" ")),
            wire.remittance_information_structured.clone(),
            structured,
            wire.additional_information.clone(),
        ];
        Self {
            status,
            today,
            amount: wire.transaction_amount.amount.0.clone(),
            currency: wire.transaction_amount.currency.clone(),
            creditor: wire.creditor_name.clone().filter(|name| says_something(name)),
            debtor: wire.debtor_name.clone().filter(|name| says_something(name)),
            remittance: remittance.into_iter().flatten().find(|text| says_something(text)),
            lines,
            booked_on: None,
            value_on: None,
            day: None,
            has_bank_id: wire.transaction_id.as_deref().is_some_and(says_something),
            is_dropped: false,
            wire,
        }
    }

    /// Whether money goes out. Nothing at all comes in.
    pub(crate) fn is_out(&self) -> bool {
        let digits = self.amount.trim().strip_prefix('-').map(|rest| rest.split(['e', 'E']).next().unwrap_or(rest));
        digits.is_some_and(|digits| digits.chars().any(|c| ('1'..='9').contains(&c)))
    }

    /// Works through rules in their order.
    pub(crate) fn follow(&mut self, rules: &'static [Rule]) {
        for rule in rules {
            match rule {
                Rule::Date(days) => self.day = days.iter().find_map(|day| self.day_from(*day)).or(self.day),
                Rule::NoLaterThanToday => self.day = self.any_day().map(|day| day.min(self.today)),
                Rule::Fill(field, how, sources) => self.fill(*field, *how, sources),
                Rule::Rewrite(field, steps) => self.rewrite(*field, steps),
                Rule::Payee(how, case, sources) => self.name_payee(*how, *case, sources),
                Rule::NoBankId => self.has_bank_id = false,
                Rule::Amount(rule) => self.find_amount(*rule),
                Rule::Drop => self.is_dropped = true,
                Rule::Named(Named::BnpKeyValues) => named::bnp_kv(self),
                Rule::Named(Named::CommerzKeywords) => named::commerz_keywords(self),
                Rule::Named(Named::HypeUnescape) => named::hype_unescape(self),
                Rule::When(condition, then) => {
                    if self.holds(condition) {
                        self.follow(then);
                    }
                }
                Rule::First(cases) => {
                    if let Some((_, then)) = cases.iter().find(|(condition, _)| self.holds(condition)) {
                        self.follow(then);
                    }
                }
                // These are of balances, accounts and order, not of one row.
                Rule::Balance(_)
                | Rule::Owed
                | Rule::FirstBalance
                | Rule::RunningBalance
                | Rule::Sort(_)
                | Rule::MaskedCard { .. } => {}
            }
        }
    }

    fn any_day(&self) -> Option<Date> {
        self.day.or(self.booked_on).or(self.value_on)
    }

    fn day_from(&self, day: Day) -> Option<Date> {
        match day {
            Day::Booking => self.booked_on,
            Day::Value => self.value_on,
            Day::WrittenValue => self.wire.value_date_time.as_deref()?.trim().get(..10)?.parse().ok(),
            Day::In(source, format) => Date::strptime(format, self.find(source)?).ok(),
        }
    }

    fn find_amount(&mut self, rule: AmountRule) {
        match rule {
            AmountRule::Negate => {
                let text = self.amount.trim();
                let turned = match text.strip_prefix('-') {
                    Some(positive) => positive.to_owned(),
                    None => format!("-{}", text.strip_prefix('+').unwrap_or(text)),
                };
                self.amount = turned;
            }
            AmountRule::From(source, currency) => {
                if let Some(amount) = self.find(source) {
                    self.amount = amount;
                    currency.clone_into(&mut self.currency);
                }
            }
        }
    }

    fn holds(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Always => true,
            Condition::Booked => self.status == RowStatus::Booked,
            Condition::Pending => self.status == RowStatus::Pending,
            Condition::In => !self.is_out(),
            Condition::Out => self.is_out(),
            Condition::Undated => self.any_day().is_none(),
            Condition::Missing(Field::TransactionId) => !self.has_bank_id,
            Condition::Missing(field) => self.text(*field).is_none(),
            Condition::Matches(field, wanted) => self.text(*field).is_some_and(|text| pattern::matches(wanted, text)),
            Condition::Line(wanted) => self.lines.iter().any(|line| pattern::matches(wanted, line)),
            Condition::LineCount(least) => self.lines.len() >= *least,
            Condition::All(all) => all.iter().all(|one| self.holds(one)),
            Condition::Any(any) => any.iter().any(|one| self.holds(one)),
            Condition::Not(one) => !self.holds(one),
        }
    }

    /// A text that holds something.
    pub(super) fn text(&self, field: Field) -> Option<&str> {
        let wire = self.wire;
        let text = match field {
            Field::Creditor => &self.creditor,
            Field::Party if self.is_out() => &self.creditor,
            Field::Debtor | Field::Party => &self.debtor,
            Field::Remittance => &self.remittance,
            Field::Lines => return self.lines.first().map(String::as_str),
            Field::Unstructured => &wire.remittance_information_unstructured,
            Field::Structured => &wire.remittance_information_structured,
            Field::Additional => &wire.additional_information,
            Field::EndToEndId => &wire.end_to_end_id,
            Field::UltimateCreditor => &wire.ultimate_creditor,
            Field::UltimateDebtor => &wire.ultimate_debtor,
            Field::ProprietaryCode => &wire.proprietary_bank_transaction_code,
            Field::TransactionId => &wire.transaction_id,
        };
        text.as_deref().map(str::trim).filter(|text| !text.is_empty())
    }

    fn write(&mut self, field: Field, text: Option<String>) {
        match field {
            Field::Creditor => self.creditor = text,
            Field::Party if self.is_out() => self.creditor = text,
            Field::Debtor | Field::Party => self.debtor = text,
            Field::Remittance => self.remittance = text,
            // The others are as the bank sent them; a test keeps the table from naming them here.
            _ => {}
        }
    }

    /// Names the counterparty.
    pub(super) fn name_party(&mut self, name: Option<String>) {
        self.write(Field::Party, name);
    }

    /// What a source holds, trimmed.
    fn find(&self, source: Source) -> Option<String> {
        let lines = || self.lines.iter().map(String::as_str);
        let unlike = |wanted| lines().filter(move |line| !pattern::matches(wanted, line));
        let found = match source {
            Source::Text(field) => self.text(field)?.to_owned(),
            Source::Lines(between) => joined(lines(), between),
            Source::StructuredLines(between) => {
                joined(self.wire.remittance_information_structured_array.iter().flatten().map(String::as_str), between)
            }
            Source::Line(number) => self.lines.get(number)?.clone(),
            Source::LinesFrom(first) => joined(lines().skip(first), " "),
            Source::LineLike(wanted) => lines().find_map(|line| pattern::capture(wanted, line))?.to_owned(),
            Source::LinesLike(wanted) => joined(lines().filter_map(|line| pattern::capture(wanted, line)), " "),
            Source::LineUnlike(wanted) => unlike(wanted).next()?.to_owned(),
            Source::LinesUnlike(wanted) => joined(unlike(wanted), " "),
            Source::Match(field, wanted) => pattern::capture(wanted, self.text(field)?)?.to_owned(),
            Source::Part(number) => self.text(Field::Remittance)?.splitn(3, ", ").nth(number)?.to_owned(),
            Source::Fixed(text) => text.to_owned(),
        };
        let found = found.trim();
        says_something(found).then(|| found.to_owned())
    }

    fn fill(&mut self, field: Field, how: How, sources: &[Source]) {
        let before = self.text(field).map(|text| text.trim().to_owned());
        let found = sources.iter().find_map(|source| self.find(*source));
        let text = match (how, before, found) {
            (How::IfMissing, Some(before), _) | (How::Append | How::Replace, Some(before), None) => Some(before),
            // What is there may have been taken from the same place already.
            (How::Append, Some(before), Some(found)) if before != found => Some(format!("{before} {found}")),
            (_, _, found) => found,
        };
        self.write(field, text);
    }

    fn name_payee(&mut self, how: How, case: Case, sources: &[Source]) {
        if how == How::IfMissing && self.has_party() {
            return;
        }
        if let Some(name) = sources.iter().find_map(|source| self.find(*source)) {
            let name = match case {
                Case::AsSent => name,
                Case::Title => title(&name),
            };
            self.write(Field::Party, Some(name));
        }
    }

    /// Whether the bank says who is on the other side.
    pub(super) fn has_party(&self) -> bool {
        let ultimate = if self.is_out() { Field::UltimateCreditor } else { Field::UltimateDebtor };
        self.text(Field::Party).or_else(|| self.text(ultimate)).is_some()
    }

    fn rewrite(&mut self, field: Field, steps: &[(&'static str, &'static str)]) {
        let rewritten = |text: &str| {
            steps.iter().fold(text.to_owned(), |text, (wanted, instead)| match pattern::compiled(wanted) {
                Some(wanted) => wanted.replace_all(text.trim(), *instead).trim().to_owned(),
                None => text,
            })
        };
        if field == Field::Lines {
            self.lines = self.lines.iter().map(|line| rewritten(line)).filter(|line| !line.is_empty()).collect();
        } else if let Some(text) = self.text(field) {
            // A text of which nothing would be left said nothing else.
            let text = Some(rewritten(text)).filter(|text| !text.is_empty());
            if text.is_some() {
                self.write(field, text);
            }
        }
    }
}

fn joined<'t>(lines: impl Iterator<Item = &'t str>, between: &str) -> String {
    lines.map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(between)
}

/// The first letter of each word large, the others small.
pub(super) fn title(text: &str) -> String {
    let mut titled = String::with_capacity(text.len());
    let mut begins = true;
    for c in text.chars() {
        if begins {
            titled.extend(c.to_uppercase());
        } else {
            titled.extend(c.to_lowercase());
        }
        begins = !c.is_alphanumeric() && c != '\'' && c != '’';
    }
    titled
}
