//! A current account and savings: salary, rent, what is paid by Pix, boleto and TED, and the bill of the card.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Account, Bill, EPOCH, Means, Party, Row, local, local_day, name};
use crate::banks::{Draw, business_day_of_month, days, is_last_business_of_month};

const fn person(name: &'static str, document: &'static str, bank: &'static str) -> Party {
    Party { name, document, bank }
}

const EMPLOYER: Party = person("Oficina Exemplo Ltda", "12.345.678/0001-95", "260");
const LANDLORD: Party = person("Imobiliária Modelo", "11.222.333/0001-81", "341");
const POWER: Party = person("Energia do Vale", "22.333.444/0001-81", "237");
const SAVINGS: Party = person("Ana Exemplo da Silva", "123.456.789-09", "104");

/// Whom money goes to by Pix, with what it costs in minor units and how the provider files it.
const PAYEES: [(Party, i64, i64, &str); 6] = [
    (person("Padaria Modelo", "33.444.555/0001-81", "077"), 650, 3_800, "11000000"),
    (person("Mercado Exemplo", "44.555.666/0001-81", "033"), 2_300, 21_000, "07010000"),
    (person("Bruno Teste", "987.654.321-00", "260"), 1_000, 12_000, "05070000"),
    (person("Farmácia Amostra", "55.666.777/0001-81", "341"), 1_290, 9_900, "18000000"),
    (person("Táxi Figueira", "66.777.888/0001-81", "336"), 1_100, 4_900, "19000000"),
    (person("Café Protótipo", "77.888.999/0001-81", "212"), 500, 2_400, "11000000"),
];

/// The minutes of a local day at which things happen. Midnight is what most banks say; the last minute of a day is
/// already the next one in UTC (fact sheet §0.5).
fn minutes(draw: &mut Draw) -> i64 {
    match draw.below(10) {
        0 => 24 * 60 - 1,
        1..=5 => 0,
        _ => draw.between(8 * 60, 22 * 60),
    }
}

/// The rows of the current account.
pub(super) fn rows(account: &Account, bills: &[Bill], at: Timestamp) -> Vec<Row> {
    let last = local_day(at);
    let mut rows: Vec<Row> = days(EPOCH, last).flat_map(|day| of_day(account, day)).collect();
    for bill in bills.iter().filter(|bill| bill.due_on <= last) {
        let number = name("PAG", account, bill.due_on, 0);
        let text = "Pagamento de fatura";
        rows.push(
            Row::new(number, bill.paid_at(), -bill.total_minor, text, Means::BillPayment).in_category("05100000"),
        );
    }
    rows.retain(|row| row.from <= at);
    rows
}

fn of_day(account: &Account, day: Date) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut draw = Draw::of(account.seed, 1, day);
    let business = business_day_of_month(day);
    let mut standing = |kind: &str, hour: i64, minor: i64, text: &str, means, party, category| {
        let row = Row::new(name(kind, account, day, 0), local(day, hour * 60), minor, text, means);
        rows.push(row.with(party).in_category(category));
    };
    if business == 5 {
        standing("SAL", 9, 912_000, "TED recebida Oficina Exemplo", Means::Ted, EMPLOYER, "01010000");
    }
    if business == 1 {
        standing("ALU", 0, -215_000, "Boleto Imobiliária Modelo", Means::Boleto, LANDLORD, "17010000");
    }
    if business == 10 {
        let minor = -draw.between(14_000, 31_000);
        standing("LUZ", 0, minor, "Boleto Energia do Vale", Means::Boleto, POWER, "17020000");
    }
    if business == 7 {
        standing("POU", 11, -60_000, "TED enviada Poupança", Means::Ted, SAVINGS, "05080000");
    }
    for index in 0..=draw.below(3) {
        let (party, low, high, category) = PAYEES[usize::try_from(draw.below(PAYEES.len() as u64)).unwrap_or(0)];
        let minor = -draw.between(low, high);
        let at = local(day, minutes(&mut draw));
        let row =
            Row::new(name("PIX", account, day, index), at, minor, &format!("Pix enviado {}", party.name), Means::Pix);
        rows.push(row.with(party).in_category(category));
    }
    if draw.one_in(6) {
        let party = PAYEES[2].0;
        let (minor, at) = (draw.between(1_000, 15_000), local(day, minutes(&mut draw)));
        let row =
            Row::new(name("REC", account, day, 0), at, minor, &format!("Pix recebido {}", party.name), Means::Pix);
        rows.push(row.with(party).in_category("05070000"));
    }
    rows
}

/// The rows of savings: what is put aside, and interest.
pub(super) fn savings(account: &Account, at: Timestamp) -> Vec<Row> {
    let mut rows = Vec::new();
    for day in days(EPOCH, local_day(at)) {
        if business_day_of_month(day) == 7 {
            let row = Row::new(name("DEP", account, day, 0), local(day, 11 * 60), 60_000, "TED recebida", Means::Ted);
            rows.push(row.with(SAVINGS).in_category("05080000"));
        }
        if is_last_business_of_month(day) {
            let minor = Draw::of(account.seed, 2, day).between(6_000, 9_000);
            let row = Row::new(name("RND", account, day, 0), local(day, 0), minor, "Rendimentos", Means::Other);
            rows.push(row.in_category("03060000"));
        }
    }
    rows.retain(|row| row.from <= at);
    rows
}
