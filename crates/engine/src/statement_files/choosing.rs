//! What is said of how a file is read, in codes: those by which a profile is kept.

use bankside_statements::csv::{DateOrder, DecimalMark, Delimiter, Encoding, Profile, Role};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::FileGuess;
use crate::EngineError;

/// What a person has chosen about how a file is read.
#[derive(Debug, Clone)]
pub struct FileChoice {
    /// What its bytes stand for.
    pub encoding: Encoding,
    /// What separates its values.
    pub delimiter: Delimiter,
    /// What each column says.
    pub columns: Vec<Role>,
    /// The order of the dates; `None` where they have not said.
    pub dates: Option<DateOrder>,
    /// What stands before the decimals; `None` where they have not said.
    pub decimals: Option<DecimalMark>,
    /// Whether its signs are the other way round.
    pub turns_sign: bool,
}

/// What is said of how a file is read, in codes. What is left out stays as it is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileSaid<'a> {
    /// The code of an [`Encoding`].
    pub encoding: Option<&'a str>,
    /// The code of a [`Delimiter`].
    pub delimiter: Option<&'a str>,
    /// The code of a [`Role`] for each column, in their order.
    pub columns: Option<&'a [String]>,
    /// The code of a [`DateOrder`].
    pub dates: Option<&'a str>,
    /// The code of a [`DecimalMark`].
    pub decimals: Option<&'a str>,
    /// Whether its signs are the other way round.
    pub turns_sign: Option<bool>,
}

impl FileChoice {
    /// What is said, and of the rest what is known. `asks` is the guess as long as a person has to say what it does not.
    pub fn said(said: &FileSaid<'_>, known: &Profile, asks: Option<&FileGuess>) -> Result<Self, EngineError> {
        let asks = |question: fn(&FileGuess) -> bool| asks.is_some_and(question);
        let (asks_dates, asks_decimals) = (asks(|guess| guess.asks_date_order), asks(|guess| guess.asks_decimals));
        let role = |text: &String| read_code::<Role>("columns", text);
        Ok(Self {
            encoding: read_said("encoding", said.encoding)?.unwrap_or(known.encoding),
            delimiter: read_said("delimiter", said.delimiter)?.unwrap_or(known.delimiter),
            columns: match said.columns {
                Some(columns) => columns.iter().map(role).collect::<Result<_, _>>()?,
                None => known.columns.clone(),
            },
            dates: read_said("dates", said.dates)?.or((!asks_dates).then_some(known.dates)),
            decimals: read_said("decimals", said.decimals)?.or((!asks_decimals).then_some(known.decimals)),
            turns_sign: said.turns_sign.unwrap_or(known.turns_sign),
        })
    }

    /// The profile that it makes of one that is known, of the same letters and separator.
    pub(crate) fn over(&self, known: Profile) -> Result<Profile, EngineError> {
        let dates = self.dates.ok_or_else(|| {
            EngineError::invalid("dates", "Say whether the day or the month comes first: each date could be either.")
        })?;
        let decimals = self.decimals.ok_or_else(|| {
            EngineError::invalid("decimals", "Say what stands before the decimals: each amount could be either.")
        })?;
        let mut columns = self.columns.clone();
        columns.resize(known.columns.len(), Role::Ignore);
        let profile = Profile { columns, dates, decimals, turns_sign: self.turns_sign, ..known };
        profile.check().map_err(|problem| EngineError::invalid("columns", problem.to_string()))?;
        Ok(profile)
    }
}

/// The code of what a profile says: of an encoding, a delimiter, a role and so on.
pub fn code_in_file(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(code)) => code,
        _ => String::new(),
    }
}

/// What such a code stands for. The error names those that there are.
pub fn from_code_in_file<T: DeserializeOwned>(code: &str) -> Result<T, serde_json::Error> {
    serde_json::from_value(serde_json::Value::String(code.to_owned()))
}

fn read_code<T: DeserializeOwned>(field: &'static str, code: &str) -> Result<T, EngineError> {
    let refused = |error| EngineError::invalid(field, format!("“{code}” is none of the codes of this field: {error}."));
    from_code_in_file(code.trim()).map_err(refused)
}

fn read_said<T: DeserializeOwned>(field: &'static str, code: Option<&str>) -> Result<Option<T>, EngineError> {
    code.map(|code| read_code(field, code)).transpose()
}

#[cfg(test)]
mod tests {
    use bankside_domain::Currency;
    use bankside_statements::csv::guess;

    use super::*;

    #[test]
    fn what_is_not_said_is_as_known_unless_it_is_asked() {
        let guessed = guess(b"Date;Amount;Text\n2026-11-05;-3.50;Coffee\n", Currency::iso("EUR").unwrap()).unwrap();
        let (known, roles) = (&guessed.profile, ["value_on".to_owned(), " amount".to_owned(), "payee".to_owned()]);
        let said = FileSaid { columns: Some(&roles), turns_sign: Some(true), ..FileSaid::default() };
        let choice = FileChoice::said(&said, known, None).unwrap();
        assert_eq!(choice.columns, [Role::ValueOn, Role::Amount, Role::Payee]);
        assert_eq!(
            (choice.dates, choice.delimiter, choice.turns_sign),
            (Some(known.dates), Delimiter::Semicolon, true)
        );
        let asks = FileGuess { asks_date_order: true, ..FileGuess::of(&guessed, false) };
        assert_eq!(FileChoice::said(&said, known, Some(&asks)).unwrap().dates, None);
        let said = FileSaid { dates: Some("day_first"), ..said };
        assert_eq!(FileChoice::said(&said, known, Some(&asks)).unwrap().dates, Some(DateOrder::DayFirst));
        let said = FileSaid { encoding: Some("latin"), ..said };
        let Err(EngineError::Invalid { field, message }) = FileChoice::said(&said, known, None) else { panic!() };
        assert!(field == "encoding" && message.contains("“latin”") && message.contains("windows1252"), "{message}");
        assert!(Role::ALL.into_iter().all(|role| from_code_in_file::<Role>(&code_in_file(role)).unwrap() == role));
    }
}
