use std::collections::HashSet;

use jiff::civil::date;

use super::iban::is_valid;
use super::*;

#[test]
fn ids_are_unique_and_carry_the_bic() {
    let ids: HashSet<_> = all().map(|bank| bank.institution.id).collect();
    assert_eq!(ids.len(), all().count());
    assert!(all().count() >= 14);
    for bank in all() {
        assert!(bank.institution.id.ends_with(bank.institution.bic), "{}", bank.institution.id);
        assert!(!bank.institution.monogram().is_empty());
        assert!(matches!(bank.institution.bic.len(), 8 | 11), "{}", bank.institution.bic);
    }
}

#[test]
fn every_account_number_is_valid() {
    let services = all().filter_map(|bank| bank.service);
    let consent = Numbering::PerConsent(Uuid::from_u128(7));
    let cards = services.flat_map(|service| service.books.accounts(consent).unwrap());
    for card in cards {
        assert!(card.iban.as_deref().is_none_or(is_valid), "{}", card.number());
        assert!(card.iban.is_some() != card.masked_pan.is_some(), "{}", card.number());
    }
}

#[test]
fn simple_banks_keep_books_that_add_up() {
    for (id, today) in [("KANALBANK_KNLBNL2A", date(2026, 11, 20)), ("LOCKSIDE_LKSDGB21", date(2026, 2, 1))] {
        let books = find(id).unwrap().service.unwrap().books;
        for card in books.accounts(Numbering::Fixed).unwrap() {
            let statement = books.statement(&card, today);
            let mut balances = statement.booked.iter().map(|row| (row.amount.minor, row.balance_after.unwrap().minor));
            let (_, mut running) = balances.next().unwrap();
            for (minor, after) in balances {
                running += minor;
                assert_eq!(running, after, "{id}");
                assert!(after > 0, "{id} stays in credit");
            }
            let booked = statement.balances.iter().find(|stated| stated.kind == BalanceKind::InterimBooked).unwrap();
            assert_eq!(booked.amount.minor, running);
            assert!(statement.booked.iter().all(|row| row.amount.currency == card.currency));
        }
    }
}

#[test]
fn quirky_banks_keep_books_that_add_up_and_settle_what_is_pending() {
    for bank in quirky::QUIRKY {
        let id = bank.institution.id;
        let books = bank.service.unwrap().books;
        for card in books.accounts(Numbering::Fixed).unwrap() {
            let (today, later) = (date(2026, 11, 20), date(2026, 11, 24));
            let statement = books.statement(&card, today);
            let last = statement.booked.last().unwrap().balance_after.unwrap().minor;
            let outstanding: i64 = statement.pending.iter().map(|row| row.amount.minor).sum();
            for stated in &statement.balances {
                let expected = match stated.kind {
                    BalanceKind::InterimBooked | BalanceKind::Information => last,
                    BalanceKind::Expected | BalanceKind::InterimAvailable => last + outstanding,
                    BalanceKind::Owed => -last - outstanding,
                    BalanceKind::NonInvoiced => -outstanding,
                    other => panic!("{id} states {other:?}"),
                };
                assert_eq!(stated.amount.minor, expected, "{id} {:?}", stated.kind);
            }
            let settled = books.statement(&card, later);
            for pending in &statement.pending {
                let is_it = |row: &&Entry| row.booked_on > today && row.amount == pending.amount;
                assert_eq!(settled.booked.iter().filter(is_it).count(), 1, "{id}");
            }
            let history = settled.booked.iter().filter(|row| row.booked_on <= today).count();
            assert_eq!(settled.booked[..history], statement.booked, "{id}: history is stable");
        }
    }
}

#[test]
fn the_providers_sandbox_bank_moves_with_the_calendar() {
    let books = find(SANDBOX_FINANCE).unwrap().service.unwrap().books;
    let cards = books.accounts(Numbering::PerConsent(Uuid::from_u128(1))).unwrap();
    let others = books.accounts(Numbering::PerConsent(Uuid::from_u128(2))).unwrap();
    assert_ne!(cards[0].iban, others[0].iban);
    assert_eq!(books.accounts(Numbering::Fixed).unwrap()[0].number(), "GL3343697694912188");
    let today = date(2026, 11, 20);
    let statement = books.statement(&cards[0], today);
    let week = statement.booked.iter().filter(|row| row.booked_on > plus_days(today, -7));
    assert_eq!(week.count(), 12, "fact sheet §9: twelve rows in seven days");
    assert_eq!(statement.pending[0].on, date(2026, 11, 18));
}
