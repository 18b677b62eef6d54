//! What single values look like, where nothing names their column, and what those of a direction mean.

use bankside_domain::CurrencyCode;
use bankside_domain::text::fold;

use super::dates::{self, DateOrder};
use super::numbers::{self, DecimalMark};

/// Whether a value is a date in any order.
pub(super) fn is_date(value: &str) -> bool {
    // A plain number of eight digits may be anything.
    DateOrder::ALL.iter().any(|order| dates::parse(value, *order).is_some())
}

/// Whether a value is an amount in any style: a number, and no plain id.
pub(super) fn is_amount(value: &str) -> bool {
    let is_plain = value.len() > 9 && value.bytes().all(|byte| byte.is_ascii_digit());
    !is_plain && !is_date(value) && is_number(value)
}

pub(super) fn is_number(value: &str) -> bool {
    DecimalMark::ALL.iter().any(|mark| numbers::parse(value, *mark).is_some())
}

/// Whether a value has the form of an IBAN.
pub(super) fn is_iban(value: &str) -> bool {
    let compact: Vec<u8> = value.bytes().filter(|byte| *byte != b' ').collect();
    (15..=34).contains(&compact.len())
        && compact[..2].iter().all(u8::is_ascii_uppercase)
        && compact[2..4].iter().all(u8::is_ascii_digit)
        && compact[4..].iter().all(u8::is_ascii_alphanumeric)
}

/// The currency that a value names.
pub(super) fn currency(value: &str) -> Option<CurrencyCode> {
    let code = match value {
        "€" => "EUR",
        "$" | "US$" => "USD",
        "£" => "GBP",
        "R$" => "BRL",
        "zł" => "PLN",
        "Kč" => "CZK",
        other => other,
    };
    code.parse().ok()
}

/// Whether a value names a currency of ISO 4217.
pub(super) fn is_currency(value: &str) -> bool {
    currency(value).is_some_and(|code| code.iso_scale().is_some())
}

/// What a status says of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is booked.
    Booked,
    /// The bank has not booked it yet.
    Pending,
    /// It was declined, cancelled or given back before it was booked: no money moved.
    Void,
}

/// What a value says that is a status; nothing stands there where a row is booked like any other.
pub(super) fn standing(value: &str) -> Option<Standing> {
    match fold(value).trim_matches(['.', '!', '*', ' ']) {
        "" | "booked" | "posted" | "completed" | "complete" | "cleared" | "settled" | "executed" | "processed"
        | "done" | "successful" | "success" | "final" | "reconciled" | "paid" | "gebucht" | "umsatz gebucht"
        | "verbucht" | "ausgefuhrt" | "ausgefuehrt" | "abgeschlossen" | "erledigt" | "comptabilise"
        | "comptabilisee" | "passe" | "effectue" | "effectuee" | "execute" | "executee" | "regle" | "contabilizado"
        | "contabilizada" | "realizado" | "realizada" | "completado" | "completada" | "ejecutado" | "efetivado"
        | "efetivada" | "efetuado" | "efetuada" | "concluido" | "concluida" | "contabilizzato" | "contabilizzata"
        | "eseguito" | "eseguita" | "completato" | "geboekt" | "verwerkt" | "uitgevoerd" | "voltooid" | "bokford"
        | "bokfort" | "genomford" | "bogført" | "bogfort" | "bokført" | "kirjattu" | "zaksiegowana"
        | "zaksiegowane" | "zrealizowana" | "rozliczona" | "zauctovano" | "zauctovana" | "konyvelt" => {
            Some(Standing::Booked)
        }
        "pending"
        | "not booked"
        | "unbooked"
        | "unposted"
        | "uncleared"
        | "authorised"
        | "authorized"
        | "authorisation"
        | "authorization"
        | "reserved"
        | "on hold"
        | "in progress"
        | "processing"
        | "scheduled"
        | "vorgemerkt"
        | "vormerkung"
        | "umsatz vorgemerkt"
        | "offen"
        | "ausstehend"
        | "reserviert"
        | "in bearbeitung"
        | "nicht gebucht"
        | "en attente"
        | "en cours"
        | "a venir"
        | "autorise"
        | "autorisee"
        | "pendiente"
        | "en curso"
        | "retenido"
        | "retenida"
        | "pendente"
        | "em processamento"
        | "agendado"
        | "in attesa"
        | "in corso"
        | "non contabilizzato"
        | "autorizzato"
        | "autorizzata"
        | "in behandeling"
        | "gereserveerd"
        | "openstaand"
        | "vantande"
        | "reserverad"
        | "reserveret"
        | "afventer"
        | "reservert"
        | "odottaa"
        | "varaus"
        | "oczekujaca"
        | "oczekuje"
        | "blokada"
        | "w trakcie realizacji"
        | "cekajici"
        | "rezervace"
        | "fuggo" => Some(Standing::Pending),
        "declined" | "rejected" | "failed" | "cancelled" | "canceled" | "reverted" | "expired" | "void" | "voided"
        | "abgelehnt" | "fehlgeschlagen" | "abgebrochen" | "zuruckgewiesen" | "refuse" | "refusee" | "annule"
        | "annulee" | "rejete" | "rejetee" | "rechazado" | "rechazada" | "cancelado" | "cancelada" | "anulado"
        | "anulada" | "recusado" | "recusada" | "rifiutato" | "rifiutata" | "annullato" | "annullata" | "geweigerd"
        | "geannuleerd" | "mislukt" | "avvisad" | "avbruten" | "afvist" | "annulleret" | "hylatty" | "peruttu"
        | "odrzucona" | "anulowana" | "zamitnuto" | "zruseno" | "elutasitva" => Some(Standing::Void),
        _ => None,
    }
}

/// Whether money goes out, by a value that only says that.
pub(super) fn is_out(value: &str) -> Option<bool> {
    match fold(value).trim_matches('.') {
        "s" | "soll" | "d" | "dr" | "db" | "debit" | "dbit" | "debet" | "debito" | "out" | "outgoing" | "af"
        | "sent" | "withdrawal" | "payment" | "lastschrift" | "belastung" | "ausgang" | "-" => Some(true),
        "h" | "haben" | "c" | "cr" | "crdt" | "credit" | "kredit" | "credito" | "in" | "incoming" | "bij"
        | "received" | "deposit" | "gutschrift" | "eingang" | "+" => Some(false),
        _ => None,
    }
}
