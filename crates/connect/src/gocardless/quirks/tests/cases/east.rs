//! Germany and Austria, Italy and Greece, the north, the Baltics and the east.

use super::*;

#[test]
fn banks_of_germany_and_austria() {
    let berlin: &[&str] =
        &["BERLINER_SPARKASSE_BELADEBEXXX", "SPK_KARLSRUHE_KARSDE66XXX", "SSK_DUSSELDORF_DUSSDEDDXXX"];
    check(vec![
        booked(
            berlin,
            json!({"creditorName": "PAYWAY", "ultimateCreditor": "Buchladen", "debtorName": "Holder",
                "remittanceInformationStructured": "RE 7", "additionalInformation": "FOLGELASTSCHRIFT"}),
            (Some("Buchladen"), Some("RE 7 FOLGELASTSCHRIFT"), BOOKED, OUT),
        ),
        booked(
            berlin,
            json!({"debtorName": "Holder", "additionalInformation": "ENTGELT"}),
            (None, Some("ENTGELT"), BOOKED, OUT),
        ),
        booked(
            &["SPK_MARBURG_BIEDENKOPF_HELADEF1MAR", "SPK_WORMS_ALZEY_RIED_MALADE51WOR"],
            json!({"remittanceInformationStructuredArray": ["RE", "8"], "additionalInformation": "x"}),
            (None, Some("RE 8"), BOOKED, OUT),
        ),
        booked(
            &["COMMERZBANK_COBADEFF"],
            json!({"creditorName": "STADTWERKE NORD GMBH", "debtorName": "Holder", "remittanceInformationUnstructuredArray":
                ["STADTWERKE//NORD/GMBH", "Abschlag 11", "End-to-E", "nd-Ref.: A 1", "Mandatsref:", "M-7 Gläubiger-", "ID: DE98",
                "SEPA-BASIS", "LASTSCHRIFT wiederholend"]}),
            (
                Some("STADTWERKE NORD GMBH"),
                Some(
                    "Abschlag 11, End-to-End-Ref.: A 1, Mandatsref: M-7, Gläubiger-ID: DE98, SEPA-BASISLASTSCHRIFT wiederholend",
                ),
                BOOKED,
                OUT,
            ),
        ),
        booked(
            &["COMMERZBANK_COBADEFF"],
            json!({"creditorName": "Vermieter", "remittanceInformationUnstructuredArray":
                ["Vermieter", "Miete", "End-to-End-Ref.: NOTPROVIDED", "Dauerauftrag"]}),
            (Some("Vermieter"), Some("Miete, Dauerauftrag"), BOOKED, OUT),
        ),
        booked(&["COMMERZBANK_COBADEFF"], json!({"creditorName": "("}), (Some("("), None, BOOKED, OUT)),
        booked(
            &["DIREKT_HELADEF1822"],
            json!({"remittanceInformationUnstructuredArray": ["z"], "remittanceInformationStructured": "RF 1"}),
            (None, Some("RF 1"), BOOKED, OUT),
        ),
        booked(
            &["ING_INGDDEFF"],
            json!({"creditorName": "Verein", "remittanceInformationUnstructured": "mandatereference:M1,remittanceinformation:Beitrag 2026"}),
            (Some("Verein"), Some("Beitrag 2026"), BOOKED, OUT),
        ),
        booked(
            &["ING_INGDDEFF"],
            json!({"remittanceInformationUnstructured": "Beitrag"}),
            (None, Some("Beitrag"), BOOKED, OUT),
        ),
        booked(
            &["EASYBANK_BAWAATWW"],
            json!({"debtorName": "Holder", "remittanceInformationStructured": r"POS 12,40 AT D4 17.11. 14:25KONDITOREI SÜSS\\WIEN\1010"}),
            (Some("Konditorei Süss"), Some(r"POS 12,40 AT D4 17.11. 14:25KONDITOREI SÜSS\\WIEN\1010"), BOOKED, OUT),
        ),
        booked(
            &["EASYBANK_BAWAATWW"],
            json!({"remittanceInformationStructured": "Kontoführung"}),
            (Some("Kontoführung"), Some("Kontoführung"), BOOKED, OUT),
        ),
        booked(
            &["RAIFFEISEN_AT_RZBAATWW"],
            json!({"remittanceInformationStructured": "BUCHLADEN 7  2610  D5   17.11. 14:25"}),
            (Some("BUCHLADEN 7"), Some("BUCHLADEN 7 2610 D5 17.11. 14:25"), BOOKED, OUT),
        ),
        booked(
            &["RAIFFEISEN_AT_RZBAATWW"],
            json!({"remittanceInformationStructured": "POS          12,40 AT  D4   17.11. 14:25",
                "remittanceInformationUnstructured": "GASTHAUS LINZ 4020"}),
            (Some("GASTHAUS LINZ 4020"), Some("GASTHAUS LINZ 4020"), BOOKED, OUT),
        ),
        booked(
            &["RAIFFEISEN_AT_RZBAATWW"],
            json!({"creditorName": "Verein", "endToEndId": "Beitrag 7"}),
            (Some("Verein"), Some("Beitrag 7"), BOOKED, OUT),
        ),
        booked(
            &["RAIFFEISEN_AT_RZBAATWW"],
            json!({"creditorName": "Verein", "endToEndId": "NOTPROVIDED"}),
            (Some("Verein"), None, BOOKED, OUT),
        ),
    ]);
}

#[test]
fn banks_of_italy_and_greece() {
    let bper: &[&str] = &["BPER_RETAIL_BPMOIT22"];
    let text = |text: &str| json!({"debtorName": "Holder", "remittanceInformationUnstructured": text});
    let card = "PAGAMENTO SU CIRCUITO INTERNAZIONALE BAR LUNA ITA Operazione carta ****9911 del 15.11.2026";
    let debit = "ADDEBITO SDD NUVOLA SRL N: 105/48 ID:02 Deb: Holder";
    let slip = "PAGAMENTO BOLLETTINO POSTALE 42 CREDITORE: ACQUA S.P.A.";
    let order = "BONIFICO o/c: HOLDER ABI-CAB: 01234-56789 a favore di Rosa Bianchi Num. Bon.Sepa 25";
    let received = "BONIFICO o/c: OFFICINA SRL ABI-CAB: 01234-56789 a favore di Holder Num. Bon.Sepa 25";
    let hype = |code: &str, text: &str| json!({"proprietaryBankTransactionCode": code, "remittanceInformationUnstructured": text});
    check(vec![
        booked(bper, text(card), (Some("BAR LUNA ITA"), Some(card), BOOKED, OUT)),
        booked(bper, text(debit), (Some("NUVOLA SRL"), Some(debit), BOOKED, OUT)),
        booked(bper, text(slip), (Some("ACQUA S.P.A."), Some(slip), BOOKED, OUT)),
        booked(bper, text(order), (Some("Rosa Bianchi"), Some(order), BOOKED, OUT)),
        booked(bper, text("SPESE"), (Some("SPESE"), Some("SPESE"), BOOKED, OUT)),
        booked(
            bper,
            json!({"transactionAmount": incoming(), "remittanceInformationUnstructured": received}),
            (Some("OFFICINA SRL"), Some(received), BOOKED, "12.40 EUR"),
        ),
        booked(
            &["HYPE_HYEEIT22"],
            hype("crd", "PAGAMENTO PRESSO BAR LUNA"),
            (Some("BAR LUNA"), Some("PAGAMENTO PRESSO BAR LUNA"), VALUE, OUT),
        ),
        booked(
            &["HYPE_HYEEIT22"],
            hype("bon", "HAI INVIATO UN BONIFICO A Rosa Bianchi - Affitto - novembre"),
            (Some("Rosa Bianchi"), Some("Affitto - novembre"), VALUE, OUT),
        ),
        booked(
            &["HYPE_HYEEIT22"],
            hype("p2p", r"DENARO INVIATO A Luca - pizza \UD83C\UDF55 \U00"),
            (Some("Luca"), Some("pizza 🍕 \\U00"), VALUE, OUT),
        ),
        booked(&["HYPE_HYEEIT22"], json!({"valueDate": null}), (None, None, BOOKED, OUT)),
        booked(&["ISYBANK_ITBBITMM"], json!({"creditorName": "Bar"}), (Some("Bar"), None, VALUE, OUT)),
        booked(&["ISYBANK_ITBBITMM"], json!({"valueDate": 7}), (None, None, BOOKED, OUT)),
        booked(
            &["NBG_ETHNGRAAXXX"],
            json!({"transactionAmount": incoming(), "creditorName": "Φούρνος", "remittanceInformationUnstructured": "ΑΓΟΡΑ ΦΟΥΡΝΟΣ"}),
            (Some("Φούρνος"), Some("ΦΟΥΡΝΟΣ"), BOOKED, OUT),
        ),
        booked(
            &["NBG_ETHNGRAAXXX"],
            json!({"transactionId": "7", "remittanceInformationUnstructured": "ΑΓΟΡΑ ΦΟΥΡΝΟΣ"}),
            (None, Some("ΑΓΟΡΑ ΦΟΥΡΝΟΣ"), BOOKED, OUT),
        ),
    ]);
}

#[test]
fn banks_of_the_north() {
    let cards: &[&str] = &["EUROCARD_FI_SKHSFI21", "SEB_KORT_AB_NO_SKHSFI21", "SEB_CARD_ESSESESS"];
    let bec: &[&str] = &["SPARNORD_SPNODK22", "LAGERNES_BANK_LAPNDKK1", "ANDELSKASSEN_FALLESKASSEN_FAELDKK1"];
    let norwegian: &[&str] = &[
        "NORWEGIAN_NO_NORWNOK1",
        "NORWEGIAN_SE_NORWNOK1",
        "NORWEGIAN_DE_NORWNOK1",
        "NORWEGIAN_DK_NORWNOK1",
        "NORWEGIAN_ES_NORWNOK1",
        "NORWEGIAN_FI_NORWNOK1",
    ];
    check(vec![
        booked(
            &["DANSKEBANK_DABANO22", "DANSKEBANK_DABADKKK"],
            json!({"remittanceInformationUnstructured": "Husleie\nEndToEndID: NOTPROVIDED"}),
            (None, Some("Husleie"), BOOKED, OUT),
        ),
        booked(
            &["ENTERCARD_SWEDNOKK"],
            json!({"remittanceInformationUnstructured": "billingAmount: -145.5"}),
            (None, Some("billingAmount: -145.5"), VALUE, "-145.50 SEK"),
        ),
        booked(
            &["ENTERCARD_SWEDNOKK"],
            json!({"valueDate": null, "remittanceInformationUnstructured": "billingAmount: a lot"}),
            (None, Some("billingAmount: a lot"), BOOKED, OUT),
        ),
        booked(norwegian, json!({"creditorName": "Kiosk"}), (Some("Kiosk"), None, BOOKED, OUT)),
        pending(norwegian, json!({"creditorName": "Kiosk"}), (Some("Kiosk"), None, VALUE, OUT)),
        pending(
            norwegian,
            json!({"bookingDate": null, "valueDate": null, "remittanceInformationStructured": "KIOSK 2026-11-16 OSLO"}),
            (None, Some("KIOSK 2026-11-16 OSLO"), "2026-11-16", OUT),
        ),
        booked(
            cards,
            json!({"transactionAmount": incoming(), "debtorName": "Holder", "additionalInformation": "CAFE HAMN"}),
            (Some("CAFE HAMN"), Some("CAFE HAMN"), BOOKED, OUT),
        ),
        booked(cards, json!({"additionalInformation": "RETUR"}), (Some("RETUR"), Some("RETUR"), BOOKED, "12.40 EUR")),
        booked(
            &["SEB_ESSESESS_PRIVATE"],
            json!({"creditorName": "x", "additionalInformation": "ICA", "remittanceInformationUnstructured": "555"}),
            (Some("ICA"), Some("555"), BOOKED, OUT),
        ),
        booked(
            bec,
            json!({"remittanceInformationUnstructured": "1", "additionalInformation": "Bageren"}),
            (None, Some("Bageren"), BOOKED, OUT),
        ),
    ]);
}

#[test]
fn banks_of_the_baltics_and_the_east() {
    let lhv: &[&str] = &["LHV_LHVBEE22"];
    let swedbank: &[&str] = &["SWEDBANK_HABALV22"];
    let ing: &[&str] = &["ING_INGBROBU"];
    let text = |text: &str| json!({"debtorName": "Holder", "remittanceInformationUnstructured": text});
    let lhv_card = r"(..7788) 2026-11-16 10:05 SadamaKohvik\Sadama 3\Tallinn";
    let card = "PIRKUMS 545454******5454 16.11.2026 12.40 EUR (220033) KAFEJNICA OSTA";
    let card_pending = "PIRKUMS 545454******5454 16.11.26 14:25 12.40 EUR (220033) KAFEJNICA OSTA";
    let unnamed = |text: &str| json!({"transactionId": "NOTPROVIDED", "remittanceInformationUnstructured": text});
    check(vec![
        booked(lhv, text(lhv_card), (Some("SadamaKohvik"), Some(lhv_card), "2026-11-16", OUT)),
        pending(lhv, text(lhv_card), (Some("SadamaKohvik"), Some(lhv_card), BOOKED, OUT)),
        booked(lhv, text("(..12) x"), (None, Some("(..12) x"), BOOKED, OUT)),
        booked(swedbank, text(card), (None, Some(card), "2026-11-16", OUT)),
        booked(swedbank, text("PIRKUMS 4 31.02.2026 x"), (None, Some("PIRKUMS 4 31.02.2026 x"), BOOKED, OUT)),
        pending(swedbank, text(card_pending), (Some("KAFEJNICA OSTA"), Some(card_pending), BOOKED, OUT)),
        booked(
            ing,
            unnamed("COFETARIA, card no: xxxx1234, Cluj"),
            (Some("COFETARIA"), Some("COFETARIA, card no: xxxx1234, Cluj"), BOOKED, OUT),
        ),
        booked(ing, unnamed("Chirie, mai"), (Some("Chirie, mai"), Some("Chirie, mai"), BOOKED, OUT)),
        pending(ing, unnamed("xxxx1234 COFETARIA"), (Some("Xxxx 1234 COFETARIA"), None, BOOKED, OUT)),
        booked(
            ing,
            json!({"transactionId": "NOTPROVIDED", "proprietaryBankTransactionCode": "Comision"}),
            (Some("Comision"), Some("Comision"), BOOKED, OUT),
        ),
        booked(ing, json!({"transactionId": "7", "creditorName": "Apa"}), (Some("Apa"), None, BOOKED, OUT)),
        booked(&["ING_PL_INGBPLPW"], json!({}), (None, None, VALUE, OUT)),
        booked(&["MBANK_RETAIL_BREXPLPW"], json!({}), (None, None, VALUE, OUT)),
        booked(
            &["MBANK_RETAIL_BREXPLPW"],
            json!({"valueDate": null, "valueDateTime": "2026-11-17T10:00:00Z"}),
            (None, None, "2026-11-17", OUT),
        ),
        booked(
            &["ALIOR_ALBPPLPW"],
            text("Transakcja kartą 4242, PIEKARNIA, WARSZAWA"),
            (Some("PIEKARNIA, WARSZAWA"), Some("Transakcja kartą 4242, PIEKARNIA, WARSZAWA"), BOOKED, OUT),
        ),
    ]);
}
