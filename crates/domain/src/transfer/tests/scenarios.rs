//! Scenarios as text: what stands in the accounts, and what comes of it.

use super::*;

const SCENARIOS: &str = include_str!("scenarios.txt");

/// One scenario while it is read.
#[derive(Default)]
struct Scenario {
    title: String,
    accounts: Vec<(String, Currency)>,
    own: OwnAccounts,
    numbers: Vec<String>,
    names: Vec<String>,
    rows: Vec<TransferRow>,
    rejected: BTreeSet<(TransactionId, TransactionId)>,
    expected: Vec<String>,
}

impl Scenario {
    fn number(&mut self, text: &str) -> Digest {
        let at = self.numbers.iter().position(|known| known == text).unwrap_or_else(|| {
            self.numbers.push(text.to_owned());
            self.numbers.len() - 1
        });
        digest(at as u128)
    }

    fn row_named(&self, name: &str) -> TransactionId {
        let at = self.names.iter().position(|known| known == name);
        id(1 + at.unwrap_or_else(|| panic!("{}: no row {name}", self.title)) as u128).into()
    }

    fn take(&mut self, line: &str) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match cells.as_slice() {
            ["account", name, currency, number, names] => {
                let numbers = if *number == "-" { BTreeSet::new() } else { BTreeSet::from([self.number(number)]) };
                let names_folded =
                    names.split(',').map(|name| fold(name.trim())).filter(|name| !name.is_empty()).collect();
                let account = id(900 + self.accounts.len() as u128).into();
                self.own.0.insert(account, OwnAccount { numbers, names_folded });
                self.accounts.push(((*name).to_owned(), Currency::iso(currency).unwrap()));
            }
            ["rejected", a, b] => {
                self.rejected.insert(in_order(self.row_named(a), self.row_named(b)));
            }
            ["linked" | "proposed", ..] => self.expected.push(cells.join(" | ")),
            [name, account, day, amount, said] => {
                let at = self.accounts.iter().position(|(known, _)| known == account).unwrap();
                let mut row = TransferRow {
                    transaction: id(1 + self.names.len() as u128).into(),
                    account: id(900 + at as u128).into(),
                    amount: Amount::parse(amount, self.accounts[at].1).unwrap(),
                    day: day.parse().unwrap(),
                    status: RowStatus::Booked,
                    counterparty: None,
                    end_to_end: None,
                    original: None,
                    text_folded: String::new(),
                };
                for word in said.split(';').map(str::trim).filter(|word| !word.is_empty()) {
                    match word.split_once(' ') {
                        Some(("names", number)) => row.counterparty = Some(self.number(number)),
                        Some(("reference", text)) => row.end_to_end = Some(self.number(text)),
                        Some(("says", text)) => row.text_folded = fold(text),
                        Some(("states", money)) => {
                            let (minor, code) = money.split_once(' ').unwrap();
                            row.original = Some(Amount::parse(minor, Currency::iso(code).unwrap()).unwrap());
                        }
                        None if word == "pending" => row.status = RowStatus::Pending,
                        None if word == "scheduled" => row.status = RowStatus::Scheduled,
                        _ => panic!("{}: {word}", self.title),
                    }
                }
                self.names.push((*name).to_owned());
                self.rows.push(row);
            }
            _ => panic!("{}: {line}", self.title),
        }
    }

    fn found(&self) -> Vec<String> {
        let name = |id: TransactionId| {
            let at = self.rows.iter().position(|row| row.transaction == id).unwrap();
            (&self.names[at], self.rows[at].amount)
        };
        let told = |what: &str, found: &Match| {
            let ((out, left), (into, came)) = (name(found.out), name(found.into));
            let several = if found.is_one_of_several { " Others fit as well." } else { "" };
            format!("{what} | {out} > {into} | {}{several}", found.grounds.in_words(left, came).join(" "))
        };
        let matches = find_transfers(&self.rows, &self.own, &self.rejected);
        let linked = matches.linked.iter().map(|found| told("linked", found));
        linked.chain(matches.proposed.iter().map(|found| told("proposed", found))).collect()
    }
}

#[test]
fn every_scenario_comes_to_what_it_says() {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for line in SCENARIOS.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(title) = line.strip_prefix("==") {
            scenarios.push(Scenario { title: title.trim().to_owned(), ..Scenario::default() });
        } else {
            scenarios.last_mut().unwrap().take(line);
        }
    }
    assert!(scenarios.len() > 15);
    for scenario in &scenarios {
        assert_eq!(scenario.found(), scenario.expected, "{}", scenario.title);
    }
}
