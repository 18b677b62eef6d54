//! Which accounts the rows of one file are of.

use std::collections::HashMap;

use super::limits::{MAX_ACCOUNTS, MAX_ROWS};
use super::problem::FileProblem;
use super::read::{account_of, check_kind, rows_among};
use super::records::records;
use super::{Profile, ProfileProblem, Role};

/// What names the account in a file, and how many rows are of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Division {
    /// Each value as it stands in the file, with how many lines have it, in the order in which they first come. Where a line names
    /// none, the value is blank.
    pub accounts: Vec<(String, usize)>,
}

/// Tells of which accounts a file has rows, by the column that is [`Role::OwnAccount`].
pub fn divide(bytes: &[u8], profile: &Profile) -> Result<Division, FileProblem> {
    let own = profile.column(Role::OwnAccount).ok_or(ProfileProblem::NoOwnAccount)?;
    profile.check()?;
    let too_many = || FileProblem::TooManyAccounts { column: profile.name_of(own) };
    shares_of_all(bytes, profile, &[own])?.pop().flatten().ok_or_else(too_many)
}

/// The same by each of several columns, in their order, whatever those are chosen to be. `None` where too much stands in one. The file is read
/// only once, since it may be long.
pub fn shares_of_all(bytes: &[u8], profile: &Profile, columns: &[usize]) -> Result<Vec<Option<Division>>, FileProblem> {
    check_kind(bytes)?;
    let text = profile.encoding.decode(bytes)?;
    let all = records(&text.content, profile.delimiter, MAX_ROWS + 1)?;
    let rows = rows_among(&all, profile)?.records;
    let division = |column: &usize| {
        let mut accounts: Vec<(String, usize)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for record in &rows {
            let value = account_of(record, Some(*column));
            let place = *places.entry(value).or_insert(accounts.len());
            if place == accounts.len() {
                if place == MAX_ACCOUNTS {
                    return None;
                }
                accounts.push((value.to_owned(), 0));
            }
            accounts[place].1 += 1;
        }
        Some(Division { accounts })
    };
    Ok(columns.iter().map(division).collect())
}

#[cfg(test)]
mod tests {
    use bankside_domain::Currency;

    use super::super::{guess, read_of};
    use super::*;

    const FILE: &str = "Bezeichnung Auftragskonto;IBAN Auftragskonto;Buchungstag;Betrag;Verwendungszweck\n\
        Giro;DE89370400440532013000;05.11.2026;-3,50;Kaffee\n\
        Tagesgeld;DE02120300000000202051;05.11.2026;100,00;Sparen\n\
        Giro;DE89370400440532013000;31.11.2026;-1,00;Nie\n\
        Giro;DE89370400440532013000;04.11.2026;-100,00;Sparen\n\
        ;;03.11.2026;-1,00;Wessen?\n\
        Summe;;;-4,50;\n";

    #[test]
    fn rows_are_told_apart_by_the_number_rather_than_by_the_name() {
        let euro = Currency::iso("EUR").unwrap();
        let profile = guess(FILE.as_bytes(), euro).unwrap().profile;
        assert_eq!((profile.columns[0], profile.columns[1]), (Role::Ignore, Role::OwnAccount));
        let division = divide(FILE.as_bytes(), &profile).unwrap();
        let giro = "DE89370400440532013000".to_owned();
        let expected = [(giro.clone(), 3), ("DE02120300000000202051".to_owned(), 1), (String::new(), 1)];
        assert_eq!(division.accounts, expected);
        let reading = read_of(FILE.as_bytes(), &profile, euro, |account| account == giro).unwrap();
        let lines: Vec<u64> = reading.rows.iter().map(|row| row.line).collect();
        assert_eq!((lines, reading.refused_total, reading.refused[0].line), (vec![2, 5], 1, 4));
        assert_eq!((reading.before, reading.behind), (1, 1));
        let nobody = read_of(FILE.as_bytes(), &profile, euro, str::is_empty).unwrap();
        assert_eq!(nobody.rows.len(), 1);
    }

    #[test]
    fn each_column_is_divided_by_itself() {
        let profile = guess(FILE.as_bytes(), Currency::iso("EUR").unwrap()).unwrap().profile;
        let all = shares_of_all(FILE.as_bytes(), &profile, &[4, 0]).unwrap();
        let values = |division: &Option<Division>| -> Vec<(String, usize)> { division.clone().unwrap().accounts };
        assert_eq!(values(&all[0])[..2], [("Kaffee".to_owned(), 1), ("Sparen".to_owned(), 2)]);
        assert_eq!(values(&all[1])[0], ("Giro".to_owned(), 3));
    }

    #[test]
    fn what_has_as_many_values_as_rows_is_no_account() {
        let line = |number: usize| format!("2026-11-05;{number}.50;N{number}\n");
        let lines: String = (0..300).map(line).collect();
        let file = format!("Date;Amount;Account\n{lines}");
        let profile = guess(file.as_bytes(), Currency::iso("EUR").unwrap()).unwrap().profile;
        assert_eq!(profile.column(Role::OwnAccount), Some(2));
        let problem = divide(file.as_bytes(), &profile).unwrap_err();
        assert_eq!(problem, FileProblem::TooManyAccounts { column: "Account".to_owned() });
        let without = Profile { columns: vec![Role::BookedOn, Role::Amount, Role::Ignore], ..profile };
        assert_eq!(divide(file.as_bytes(), &without).unwrap_err(), ProfileProblem::NoOwnAccount.into());
    }
}
