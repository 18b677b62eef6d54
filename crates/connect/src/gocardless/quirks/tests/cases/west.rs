//! Iberia, the British Isles, the Low Countries and France, and the test bank.

use super::*;

#[test]
fn banks_of_iberia_and_ireland() {
    check(vec![
        booked(
            &["ABANCA_CAGLESMM", "ABANCA_CAGLPTPL", "ABANCA_CORP_CAGLPTPL"],
            json!({"creditorName": "COMPRA", "debtorName": "Holder", "remittanceInformationStructured": "PANADERIA SOL"}),
            (Some("PANADERIA SOL"), Some("PANADERIA SOL"), BOOKED, OUT),
        ),
        booked(&["ABANCA_CAGLESMM"], json!({"creditorName": "Panaderia"}), (Some("Panaderia"), None, BOOKED, OUT)),
        booked(
            &["BANCSABADELL_BSABESBB"],
            json!({"debtorName": "Holder", "remittanceInformationUnstructuredArray": [" COMPRA TARJ. ", "LIBRERIA "]}),
            (Some("COMPRA TARJ. LIBRERIA"), Some("COMPRA TARJ. LIBRERIA"), BOOKED, OUT),
        ),
        booked(
            &["BANCSABADELL_BSABESBB"],
            json!({"transactionAmount": incoming(), "creditorName": "Holder",
                "remittanceInformationUnstructuredArray": ["NOMINA", "TALLER"]}),
            (Some("NOMINA TALLER"), Some("NOMINA TALLER"), BOOKED, "12.40 EUR"),
        ),
        booked(
            &["BANK_OF_IRELAND_B365_BOFIIE2D"],
            json!({"remittanceInformationUnstructured": "POSC17NOV  HARBOUR   CAFE"}),
            (None, Some("HARBOUR CAFE"), BOOKED, OUT),
        ),
        booked(
            &["BANK_OF_IRELAND_B365_BOFIIE2D"],
            json!({"remittanceInformationUnstructured": "Green Energy SEPA DD"}),
            (None, Some("Green Energy"), BOOKED, OUT),
        ),
        booked(
            &["BANK_OF_IRELAND_B365_BOFIIE2D"],
            json!({"remittanceInformationUnstructured": "365 Online CRV*Rent"}),
            (None, Some("Rent"), BOOKED, OUT),
        ),
        booked(
            &["BANK_OF_IRELAND_B365_BOFIIE2D"],
            json!({"remittanceInformationUnstructured": "365 ONLINE"}),
            (None, Some("365 ONLINE"), BOOKED, OUT),
        ),
        booked(
            &["BANKINTER_BKBKESMM"],
            json!({"remittanceInformationUnstructured": "/Txt/D|Recibo;Agua"}),
            (Some("Recibo Agua"), Some("Recibo Agua"), BOOKED, OUT),
        ),
        booked(
            &["BANKINTER_BKBKESMM"],
            json!({"transactionAmount": incoming(), "debtorName": "Ruiz;Ana", "remittanceInformationUnstructured": "/txt/Cena"}),
            (Some("Ruiz Ana"), Some("Cena"), BOOKED, "12.40 EUR"),
        ),
        booked(
            &["REVOLUT_REVOLT21"],
            json!({"transactionAmount": incoming(), "remittanceInformationUnstructuredArray": ["Bizum payment from: Ana R", "Cena"]}),
            (Some("Ana R"), Some("Cena"), BOOKED, "12.40 EUR"),
        ),
        booked(
            &["REVOLUT_REVOLT21"],
            json!({"creditorName": "Luis", "remittanceInformationUnstructuredArray": ["Bizum payment to: Luis M", "Taxi"]}),
            (Some("Luis"), Some("Taxi"), BOOKED, OUT),
        ),
        booked(&["REVOLUT_REVOLT21"], json!({"creditorName": "Kiosk"}), (Some("Kiosk"), None, BOOKED, OUT)),
        booked(
            &["CETELEM_CETMPTP1XXX"],
            json!({"transactionAmount": incoming(), "creditorName": "Loja", "debtorName": "Holder"}),
            (Some("Loja"), None, BOOKED, OUT),
        ),
    ]);
}

#[test]
fn banks_of_the_low_countries() {
    check(vec![
        booked(
            &["ABNAMRO_ABNANL2A"],
            json!({"valueDateTime": "2026-11-17T22:15:00Z",
                "remittanceInformationUnstructuredArray": ["BEA, Betaalpas", "CCV*De Bakker,PAS042", "NR:12"]}),
            (Some("De Bakker"), Some("BEA, Betaalpas, CCV*De Bakker,PAS042, NR:12"), "2026-11-17", OUT),
        ),
        booked(
            &["ABNAMRO_ABNANL2A"],
            json!({"creditorName": "Waterbedrijf", "debtorName": "Holder"}),
            (Some("Waterbedrijf"), None, BOOKED, OUT),
        ),
        booked(
            &["FINTRO_BE_GEBABEBB", "HELLO_BE_GEBABEBB", "BNP_BE_GEBABEBB"],
            json!({"additionalInformation": "atmPosName: 'BAKKERIJ ZON', narrative: ['CARD 1234', 'GENT'], bankRef: 7"}),
            (Some("BAKKERIJ ZON"), Some("BAKKERIJ ZON CARD 1234 GENT"), BOOKED, OUT),
        ),
        booked(
            &["FINTRO_BE_GEBABEBB"],
            json!({"debtorName": "Holder", "remittanceInformationUnstructuredArray": ["Gas"],
                "additionalInformation": "narrative: ['ENERGIE NV, GENT']"}),
            (Some("ENERGIE NV, GENT"), Some("Gas ENERGIE NV, GENT"), BOOKED, OUT),
        ),
        booked(
            &["BNP_BE_GEBABEBB"],
            json!({"creditorName": "Zon", "additionalInformation": "no pairs here"}),
            (Some("Zon"), Some("no pairs here"), BOOKED, OUT),
        ),
        booked(
            &["CBC_CREGBEBB"],
            json!({"debtorName": "Holder", "remittanceInformationUnstructured": "BOULANGERIE Paiement SA Paiement Maestro 17-11"}),
            (Some("BOULANGERIE Paiement SA"), Some("BOULANGERIE Paiement SA Paiement Maestro 17-11"), BOOKED, OUT),
        ),
        booked(
            &["CBC_CREGBEBB", "KBC_KREDBEBB"],
            json!({"transactionAmount": incoming(), "remittanceInformationUnstructured": "Remboursement"}),
            (Some("Remboursement"), Some("Remboursement"), BOOKED, "12.40 EUR"),
        ),
        booked(
            &["KBC_KREDBEBB"],
            json!({"remittanceInformationUnstructured": "BAKKER Betaling met Bancontact"}),
            (Some("BAKKER"), Some("BAKKER Betaling met Bancontact"), BOOKED, OUT),
        ),
        booked(&["KBC_KREDBEBB", "CBC_CREGBEBB"], json!({"debtorName": "Holder"}), (None, None, BOOKED, OUT)),
    ]);
}

#[test]
fn banks_of_france() {
    let boursorama: &[&str] = &["BOURSORAMA_BOUSFRPP"];
    let lines = |lines: &[&str]| json!({"debtorName": "Holder", "remittanceInformationUnstructuredArray": lines});
    let case = |sent: &[&str], name, text| booked(boursorama, lines(sent), (Some(name), text, BOOKED, OUT));
    check(vec![
        case(&["CARTE 17/11/26 LIBRAIRIE DU PORT 880042 CB*2201"], "Librairie Du Port", None),
        case(&["CARTE 17/11/26 LE ZINC CB*2201", "3,10 USD"], "Le Zinc", Some("3,10 USD")),
        case(&["3,10 USD", "CARTE 17/11/26 LE ZINC"], "Le Zinc", Some("3,10 USD")),
        case(&["VIR INST MARIE D", "Merci"], "Marie D", Some("Merci")),
        case(&["PRLV SEPA ÉNERGIE SA", "Réf : 12"], "Énergie Sa", None),
        case(&["VIR Loyer novembre", "SCI LE PHARE", "Réf : 12"], "Sci Le Phare", Some("Loyer novembre")),
        case(&["ECH PRET:70011"], "Prêt bancaire", Some("ECH PRET:70011")),
        case(&["RETRAIT DAB 17/11/26 Lyon Bellecour CB*9", "3,10 USD"], "Retrait DAB", Some("Lyon Bellecour 3,10 USD")),
        case(&[r"CAFÉ BLEU\PARIS\ FR"], "Café Bleu Paris Fr", None),
        booked(boursorama, json!({"creditorName": "Mairie"}), (Some("Mairie"), None, BOOKED, OUT)),
        booked(
            &["FORTUNEO_FTNOFRP1XXX"],
            lines(&["CARTE 17/11 VIRGULE ET FILS", "LYON"]),
            (Some("VIRGULE ET FILS LYON"), Some("CARTE 17/11 VIRGULE ET FILS LYON"), BOOKED, OUT),
        ),
        booked(&["FORTUNEO_FTNOFRP1XXX"], json!({"creditorName": "VIR Sa"}), (Some("VIR Sa"), None, BOOKED, OUT)),
    ]);
}

#[test]
fn banks_of_the_islands_and_the_test_bank() {
    let virgin: &[&str] = &["VIRGIN_NRNBGB22"];
    let text = |text: &str| json!({"debtorName": "Holder", "remittanceInformationUnstructured": text});
    check(vec![
        booked(virgin, text("FPS, Rose Bell, rent, flat 2"), (Some("Rose Bell"), Some("rent, flat 2"), BOOKED, OUT)),
        booked(virgin, text("MOB, Rose Bell"), (Some("Rose Bell"), Some("MOB, Rose Bell"), BOOKED, OUT)),
        booked(
            virgin,
            text("Card 12, Corner Shop, Leeds"),
            (Some("Corner Shop"), Some("Card 12, Corner Shop, Leeds"), BOOKED, OUT),
        ),
        booked(virgin, text("Council Tax"), (Some("Council Tax"), Some("Council Tax"), BOOKED, OUT)),
        booked(virgin, json!({"creditorName": "Shop"}), (Some("Shop"), None, BOOKED, OUT)),
        pending(
            &["NATIONWIDE_NAIAGB21"],
            json!({"bookingDate": "2026-11-25", "creditorName": "Bakery"}),
            (Some("Bakery"), None, "2026-11-20", OUT),
        ),
        booked(&["NATIONWIDE_NAIAGB21"], json!({"bookingDate": "2026-11-25"}), (None, None, "2026-11-25", OUT)),
        booked(
            &["COOPERATIVE_CPBKGB22"],
            json!({"remittanceInformationUnstructuredArray": ["CustRef: Rent", "Type: FPI", "BankRef: 12", "AddInfo: flat 2"]}),
            (None, Some("Rent 12 flat 2"), BOOKED, OUT),
        ),
        booked(
            &["SANDBOXFINANCE_SFIN0000", "AMERICAN_EXPRESS_AESUDEF1", "BELFIUS_GKCCBEBB"],
            json!({"creditorName": "Freshto", "remittanceInformationUnstructured": "Freshto Ideal"}),
            (Some("Freshto"), Some("Freshto Ideal"), BOOKED, OUT),
        ),
    ]);
}
