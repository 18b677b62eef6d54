//! Files with every kind of dirt, made up by hand after what banks send.

use bankside_domain::Currency;
use encoding_rs::{ISO_8859_15, WINDOWS_1252};
use proptest::prelude::*;

use super::*;

fn euro() -> Currency {
    Currency::iso("EUR").unwrap()
}

/// Guesses and reads; nothing may be in doubt.
fn read_as_guessed(bytes: &[u8]) -> Reading {
    let guess = guess(bytes, euro()).unwrap();
    assert_eq!(guess.doubts, [], "{guess:#?}");
    read(bytes, &guess.profile, euro()).unwrap()
}

/// Day, minor units, name and purpose of each row.
fn told(reading: &Reading) -> Vec<(String, i64, &str, &str)> {
    let row = |one: &ReadRow| one.row.clone();
    let rows = reading.rows.iter();
    rows.map(|one| {
        let day = row(one).day().unwrap().to_string();
        let name = one.row.counterparty.name.as_deref().unwrap_or_default();
        (day, one.row.amount.minor, name, one.row.remittance.as_deref().unwrap_or_default())
    })
    .collect()
}

const GERMAN: &str = "\
\"Kontonummer:\";\"DE12 3456 / Girokonto\"\r
\"Von:\";\"01.11.2026\"\r
\"Kontostand vom 20.11.2026:\";\"1.234,56 EUR\"\r
\r
\"Buchungstag\";\"Wertstellung\";\"Buchungstext\";\"Auftraggeber / Begünstigter\";\"Verwendungszweck\";\"Kontonummer\";\"Betrag (EUR)\";\r
\"05.11.2026\";\"06.11.2026\";\"Lastschrift\";\"Café Ärzte\";\"Kaffee; zwei \"\"große\"\"\";\"DE89370400440532013000\";\"-3,50\";\r
\"04.11.2026\";\"04.11.2026\";\"Gutschrift\";\"Arbeitgeber GmbH\";\"Gehalt\nNovember\";\"DE02120300000000202051\";\"2.500,00\";\r
\r
\"Summe\";\"\";\"\";\"\";\"\";\"\";\"2.496,50\";\r
";

#[test]
fn a_german_export_is_read_with_its_notes_before_and_its_sum_behind() {
    let (bytes, _, lossy) = WINDOWS_1252.encode(GERMAN);
    assert!(!lossy);
    let guess = guess(&bytes, euro()).unwrap();
    assert_eq!(guess.profile.encoding, Encoding::Windows1252);
    assert_eq!(guess.profile.delimiter, Delimiter::Semicolon);
    assert_eq!((guess.profile.dates, guess.profile.decimals), (DateOrder::DayFirst, DecimalMark::Comma));
    let reading = read_as_guessed(&bytes);
    assert_eq!(
        told(&reading),
        [
            ("2026-11-05".to_owned(), -350, "Café Ärzte", "Lastschrift Kaffee; zwei \"große\""),
            ("2026-11-04".to_owned(), 250_000, "Arbeitgeber GmbH", "Gutschrift Gehalt November"),
        ]
    );
    assert_eq!((reading.refused_total, reading.before, reading.behind), (0, 4, 1));
    assert_eq!(reading.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [6, 7]);
    assert_eq!(reading.rows[0].row.value_on.unwrap().to_string(), "2026-11-06");
    assert_eq!(reading.rows[0].row.counterparty.account.as_deref(), Some("DE89370400440532013000"));
}

#[test]
fn the_bytes_of_a_row_are_those_of_the_file_in_every_encoding() {
    let utf16 = |to: fn(u16) -> [u8; 2], mark: [u8; 2]| {
        let units = GERMAN.encode_utf16().flat_map(to);
        mark.into_iter().chain(units).collect::<Vec<u8>>()
    };
    let files = [
        GERMAN.as_bytes().to_vec(),
        [b"\xEF\xBB\xBF", GERMAN.as_bytes()].concat(),
        utf16(u16::to_le_bytes, [0xFF, 0xFE]),
        utf16(u16::to_be_bytes, [0xFE, 0xFF]),
        WINDOWS_1252.encode(GERMAN).0.into_owned(),
        ISO_8859_15.encode(GERMAN).0.into_owned(),
    ];
    for bytes in files {
        let guess = guess(&bytes, euro()).unwrap();
        let reading = read(&bytes, &guess.profile, euro()).unwrap();
        assert_eq!(reading.rows.len(), 2, "{:?}", guess.profile.encoding);
        for row in &reading.rows {
            assert!(bytes.windows(row.raw.len()).any(|window| window == row.raw));
            assert_eq!(read_row(&row.raw, &guess.profile, euro()), Ok(row.row.clone()));
        }
    }
}

#[test]
fn the_euro_sign_tells_the_two_western_encodings_apart() {
    let text = "Datum;Empfänger;Betrag\n05.11.2026;Müller;12,50 €\n";
    for (encoding, written) in
        [(Encoding::Windows1252, WINDOWS_1252.encode(text).0), (Encoding::Iso885915, ISO_8859_15.encode(text).0)]
    {
        let guess = guess(&written, euro()).unwrap();
        assert_eq!(guess.profile.encoding, encoding);
        assert_eq!(told(&read_as_guessed(&written)), [("2026-11-05".to_owned(), 1250, "Müller", "")]);
    }
}

#[test]
fn two_columns_of_amounts_have_their_signs_by_their_names() {
    let text = "Date,Description,Money Out,Money In,Balance\n\
                13/11/2026,COFFEE HOUSE,3.50,,996.50\n\
                14/11/2026,SALARY,,\"1,250.00\",\"2,246.50\"\n\
                15/11/2026,REFUND,0.00,5.00,2251.50\n";
    let reading = read_as_guessed(text.as_bytes());
    assert_eq!(reading.rows.iter().map(|row| row.row.amount.minor).collect::<Vec<_>>(), [-350, 125_000, 500]);
    assert_eq!(reading.rows[1].row.balance_after.unwrap().minor, 224_650);
    let both = "Date,Description,Debit,Credit\n13/11/2026,X,3.50,4.50\n";
    let reading = read_as_guessed(both.as_bytes());
    assert_eq!((reading.rows.len(), reading.refused[0].problem.clone()), (0, LineProblem::TwoAmounts));
}

#[test]
fn a_column_beside_the_amount_says_which_way_it_goes() {
    let dutch = "\"Datum\",\"Naam / Omschrijving\",\"Rekening\",\"Tegenrekening\",\"Af Bij\",\"Bedrag (EUR)\",\"Mededelingen\"\n\
                 \"20261105\",\"Albert Heijn\",\"NL1\",\"\",\"Af\",\"12,34\",\"pas 1\"\n\
                 \"20261106\",\"Werkgever\",\"NL1\",\"NL91ABNA0417164300\",\"Bij\",\"1500,00\",\"salaris\"\n";
    assert_eq!(
        told(&read_as_guessed(dutch.as_bytes())),
        [
            ("2026-11-05".to_owned(), -1234, "Albert Heijn", "pas 1"),
            ("2026-11-06".to_owned(), 150_000, "Werkgever", "salaris"),
        ]
    );
    let german = "Buchungstag;Umsatz;S/H;Verwendungszweck\n05.11.2026;12,34;S;a\n06.11.2026;-1,00;S;b\n07.11.2026;5,00;x;c\n\
                  08.11.2026;5,00;H;d\n09.11.2026;5,00;H;e\n10.11.2026;5,00;H;f\n";
    let reading = read_as_guessed(german.as_bytes());
    assert_eq!(reading.rows.iter().map(|row| row.row.amount.minor).collect::<Vec<_>>(), [-1234, -100, 500, 500, 500]);
    assert_eq!(reading.refused[0].in_words(), "Line 4, S/H: “x” – this says neither out nor in.");
}

#[test]
fn whom_it_was_with_is_whoever_is_on_the_other_side() {
    let text = "Buchungsdatum;Zahlungspflichtige*r;Zahlungsempfänger*in;Verwendungszweck;Betrag (€)\n\
                05.11.26;Ich Selbst;Bäckerei;Brot;-4,20\n\
                06.11.26;Arbeitgeber;Ich Selbst;Lohn;2.000\n";
    let reading = read_as_guessed(text.as_bytes());
    let names: Vec<_> = told(&reading).into_iter().map(|(_, minor, name, _)| (minor, name.to_owned())).collect();
    assert_eq!(names, [(-420, "Bäckerei".to_owned()), (200_000, "Arbeitgeber".to_owned())]);
}

#[test]
fn what_a_file_does_not_say_is_asked() {
    let slashes = "Date,Description,Amount\n05/11/2026,A,-1.50\n06/11/2026,B,-2.50\n";
    assert_eq!(guess(slashes.as_bytes(), euro()).unwrap().doubts, [Doubt::DayOrMonthFirst]);
    let settled = "Date,Description,Amount\n05/11/2026,A,-1.50\n11/23/2026,B,-2.50\n";
    let found = guess(settled.as_bytes(), euro()).unwrap();
    assert_eq!((found.doubts, found.profile.dates), (vec![], DateOrder::MonthFirst));
    // In yen there are no decimals, so that nothing tells thousands from them but the style of other values.
    let yen = Currency::iso("KWD").unwrap();
    let thousands = "Date;Description;Amount\n2026-11-05;A;1.234\n2026-11-05;A;-2.345\n";
    assert_eq!(guess(thousands.as_bytes(), yen).unwrap().doubts, [Doubt::DecimalMark]);
    assert_eq!(guess(thousands.as_bytes(), euro()).unwrap().doubts, []);
    let nothing = "Alpha;Beta\nx;y\nz;w\n";
    assert_eq!(guess(nothing.as_bytes(), euro()).unwrap().doubts, [Doubt::Date, Doubt::Amount]);
}

#[test]
fn a_named_column_may_have_values_that_cannot_be_read() {
    let text = "Date,Description,Amount\n2026-11-05,Coffee,-1.50\n2026-11-06,Tea,none\n2026-11-07,Milk,-2.50\n";
    let reading = read_as_guessed(text.as_bytes());
    assert_eq!((reading.rows.len(), reading.refused_total), (2, 1));
}

#[test]
fn a_file_without_names_is_known_by_what_stands_in_it() {
    let text = "05.11.2026|06.11.2026|REWE SAGT DANKE 1234 Berlin|-12,34|EUR|100,00\n\
                06.11.2026|06.11.2026|Miete November|-800,00|EUR|-700,00\n";
    let guess = guess(text.as_bytes(), euro()).unwrap();
    let columns = [Role::BookedOn, Role::ValueOn, Role::Purpose, Role::Amount, Role::Currency, Role::Balance];
    assert_eq!(guess.profile.columns, columns);
    assert_eq!(guess.profile.header, Vec::<String>::new());
    assert_eq!(guess.columns[2].name, "column 3");
    assert_eq!(read_as_guessed(text.as_bytes()).rows.len(), 2);
}

#[test]
fn lines_that_cannot_be_read_say_where_and_what_stands_there() {
    let text = "Datum;Empfänger;Betrag;Währung\n\
                05.11.2026;A;-1,50;EUR\n\
                31.11.2026;B;-1,50;EUR\n\
                06.11.2026;C;fünf;EUR\n\
                07.11.2026;D;;EUR\n\
                08.11.2026;E;1,505;EUR\n\
                09.11.2026;F;1,50;USD\n\
                10.11.2026\n\
                11.11.2026;G;-1,50;EUR\n\
                12.11.2026;H;-1,50;EUR\n\
                13.11.2026;=HYPERLINK(\"http://x\");-1,50;EUR\n\
                14.11.2026;@SUM(A1);-1,50;EUR\n\
                15.11.2026;I;-1,50;EUR\n\
                15.11.2026;I;-1,50;EUR\n\
                15.11.2026;I;-1,50;EUR\n\
                15.11.2026;I;-1,50;EUR\n\
                15.11.2026;I;-1,50;EUR\n\
                15.11.2026;I;-1,50;EUR\n\
                15.11.2026;I;-1,50;EUR\n\
                15.11.2026;I;-1,50;EUR\n\
                15.11.2026;I;-1,50;EUR\n\
                15.11.2026;I;-1,50;EUR\n\
                15.11.2026;I;-1,50;EUR\n\
                15.11.2026;I;-1,50;EUR\n";
    let reading = read_as_guessed(text.as_bytes());
    let words: Vec<String> = reading.refused.iter().map(Refusal::in_words).collect();
    assert_eq!(
        words,
        [
            "Line 3, Datum: “31.11.2026” – this is no date in the chosen order.",
            "Line 4, Betrag: “fünf” – this is no amount in the chosen style.",
            "Line 5, Betrag: nothing stands here.",
            "Line 6, Betrag: “1,505” – “1.505” has more decimals than EUR has.",
            "Line 7, Währung: “USD” – this is not the currency of the account.",
            "Line 8, Betrag: the line ends before this column.",
        ]
    );
    // What a spreadsheet would take for a formula is a text like any other.
    assert_eq!(reading.rows[3].row.counterparty.name.as_deref(), Some("=HYPERLINK(\"http://x\")"));
}

#[test]
fn what_is_no_file_of_this_kind_is_refused_with_its_reason() {
    let problem = |bytes: &[u8]| guess(bytes, euro()).unwrap_err().to_string();
    assert_eq!(problem(b" \n\r\n"), "The file is empty.");
    assert!(problem(b"PK\x03\x04rest").contains("a spreadsheet or an archive"));
    assert_eq!(problem(b"a;b\n1;\0\n"), "Line 2: this is not UTF-8 text.");
    assert!(problem(b"just one line of text").contains("No columns were found"));
    let open = format!("Date;Text;Amount\n2026-11-05;\"never closed;1\n{}", "2026-11-06;x;1\n".repeat(2000));
    assert!(problem(open.as_bytes()).starts_with("Line 2, column 2: a value is longer than 8 KB."));
    assert!(problem(&vec![b'a'; limits::MAX_BYTES + 1]).starts_with("The file is larger than 24 MB."));
    assert!(problem(";".repeat(200).as_bytes()).contains("more than 80 columns"));
}

#[test]
fn a_profile_is_checked_before_anything_is_read() {
    let text = "Date;Text;Amount\n2026-11-05;x;1\n";
    let profile = guess(text.as_bytes(), euro()).unwrap().profile;
    let with = |columns: [Role; 3]| Profile { columns: columns.to_vec(), ..profile.clone() }.check();
    assert_eq!(with([Role::BookedOn, Role::Purpose, Role::Amount]), Ok(()));
    assert_eq!(with([Role::Ignore, Role::Purpose, Role::Amount]), Err(ProfileProblem::NoDate));
    assert_eq!(with([Role::BookedOn, Role::Purpose, Role::Ignore]), Err(ProfileProblem::NoAmount));
    assert_eq!(with([Role::BookedOn, Role::Debit, Role::Amount]), Err(ProfileProblem::TwoKindsOfAmount));
    assert_eq!(with([Role::BookedOn, Role::Direction, Role::Debit]), Err(ProfileProblem::DirectionWithoutAmount));
    assert_eq!(with([Role::BookedOn, Role::Amount, Role::Amount]), Err(ProfileProblem::Twice(Role::Amount)));
    let other = read(b"Day;What;Sum\n2026-11-05;x;1\n", &profile, euro());
    assert!(matches!(other, Err(FileProblem::HeaderMissing(_))), "{other:?}");
}

#[test]
fn a_profile_fits_the_next_file_whatever_stands_before_its_header() {
    let profile = guess(GERMAN.as_bytes(), euro()).unwrap().profile;
    let kept: Profile = serde_json::from_str(&serde_json::to_string(&profile).unwrap()).unwrap();
    let (_, body) = GERMAN.split_once("\r\n").unwrap();
    assert_eq!(read(body.as_bytes(), &kept, euro()).unwrap().rows.len(), 2);
    let turned = Profile { turns_sign: true, ..kept };
    assert_eq!(read(GERMAN.as_bytes(), &turned, euro()).unwrap().rows[0].row.amount.minor, 350);
}

#[test]
fn lines_may_end_as_on_an_old_macintosh() {
    let text =
        "Date;Text;Amount\r2026-11-05;x;1\r2026-11-06;y;nothing\r2026-11-07;z;2\r2026-11-07;z;2\r2026-11-07;z;2\r";
    let reading = read_as_guessed(text.as_bytes());
    assert_eq!((reading.rows.len(), reading.refused[0].line), (4, 3));
}

/// What files are made of, whole or not.
const PIECES: &[&[u8]] = &[
    b";",
    b",",
    b"\t",
    b"|",
    b"\"",
    b"\n",
    b"\r\n",
    b"Datum",
    b"Betrag",
    b"Date",
    b"Debit",
    b"05.11.2026",
    b"11/05/2026",
    b"2026-11-05T",
    b"-1.234,56",
    b"(1'2",
    b"99999999999999999999.99",
    b"EUR",
    b"\xEF\xBB\xBF",
    b"\xFF\xFE",
    b"\xC3\xA4\xE4",
    b"\0",
    b"=1+1",
];

/// Bytes that look like a file often enough to get far.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let piece = proptest::sample::select(PIECES);
    prop_oneof![
        proptest::collection::vec(piece, 0..120).prop_map(|pieces| pieces.concat()),
        proptest::collection::vec(any::<u8>(), 0..300),
    ]
}

proptest! {
    #[test]
    fn whatever_the_bytes_are_reading_ends_and_rows_are_read_again_from_their_own(bytes in hostile()) {
        let Ok(guess) = guess(&bytes, euro()) else { return Ok(()) };
        prop_assert!(guess.profile.columns.len() <= limits::MAX_COLUMNS);
        let Ok(reading) = read(&bytes, &guess.profile, euro()) else { return Ok(()) };
        for row in reading.rows {
            prop_assert!(bytes.windows(row.raw.len()).any(|window| window == row.raw));
            prop_assert_eq!(read_row(&row.raw, &guess.profile, euro()), Ok(row.row));
        }
    }

    #[test]
    fn amounts_and_dates_are_read_as_they_were_written(minor in -10_000_000_000_i64..10_000_000_000, offset in 0_i32..60_000) {
        use bankside_domain::Amount;
        let day = jiff::civil::date(1970, 1, 1).saturating_add(jiff::Span::new().days(offset));
        let text = Amount::new(minor, euro()).to_decimal_text().replace('.', ",");
        let line = format!("Datum;Zweck;Betrag\n{};x;{text}\n", day.strftime("%d.%m.%Y"));
        let reading = read(line.as_bytes(), &guess(line.as_bytes(), euro()).unwrap().profile, euro()).unwrap();
        prop_assert_eq!(reading.rows[0].row.amount.minor, minor);
        prop_assert_eq!(reading.rows[0].row.booked_on, Some(day));
    }
}

#[test]
fn pending_lines_and_those_without_a_movement_are_counted_and_stay_out() {
    let file = "Status;Datum;Zweck;Betrag;Saldo\n\
        Vorgemerkt;06.11.2026;Hotel;-80,00;\n\
        Gebucht;05.11.2026;Kaffee;-3,50;96,50\n\
        abgelehnt;05.11.2026;Nie;-9,00;\n\
        ;04.11.2026;Brot;-2,00;100,00\n\
        Seltsam;03.11.2026;Wie?;-1,00;\n";
    let reading = read_as_guessed(file.as_bytes());
    assert_eq!((reading.pending, reading.void, reading.refused_total, reading.rows.len()), (1, 1, 1, 2));
    assert_eq!(reading.refused[0].in_words(), "Line 6, Status: “Seltsam” – this says neither booked nor pending.");
    for (word, pending, void) in
        [("En attente", 1, 0), ("PENDING", 1, 0), ("Contabilizzato", 0, 0), ("Reverted", 0, 1), ("Zaksięgowana", 0, 0)]
    {
        let file = format!("Date;Purpose;Amount;State\n2026-11-05;x;-1.50;{word}\n2026-11-05;x;-1.50;completed\n");
        let reading = read_as_guessed(file.as_bytes());
        assert_eq!((reading.pending, reading.void, reading.refused_total), (pending, void, 0), "{word}");
    }
}
