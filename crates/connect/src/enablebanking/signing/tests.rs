use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

use super::*;

/// One key in both forms; made for this test.
const PKCS1_PEM: &str = include_str!("key_pkcs1.pem");
const PKCS8_PEM: &str = include_str!("key_pkcs8.pem");

fn read(pem: &str) -> Result<Signer, Fault> {
    Signer::read(&Secret::new(pem))
}

#[test]
fn both_forms_sign_alike_and_the_public_half_agrees() {
    let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    let tokens = [PKCS1_PEM, PKCS8_PEM].map(|pem| read(pem).unwrap().token("app", now).unwrap());
    assert_eq!(tokens[0].expose(), tokens[1].expose());
    let (text, signature) = tokens[0].expose().rsplit_once('.').unwrap();
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    let signer = read(PKCS8_PEM).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, signer.0.public().as_ref());
    public.verify(text.as_bytes(), &signature).unwrap();
    let (header, claims) = text.split_once('.').unwrap();
    let read =
        |part: &str| -> Value { serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap() };
    assert_eq!(read(header), json!({ "typ": "JWT", "alg": "RS256", "kid": "app" }));
    let issued = now.as_second() - 5;
    let expected =
        json!({ "iss": "enablebanking.com", "aud": "api.enablebanking.com", "iat": issued, "exp": issued + 3600 });
    assert_eq!(read(claims), expected);
}

#[test]
fn a_key_is_read_however_its_lines_were_broken() {
    for pem in [
        PKCS8_PEM.replace('\n', " "),
        PKCS8_PEM.replace('\n', "\\n"),
        PKCS8_PEM.replace('\n', "\r\n"),
        format!("Bag Attributes\n  friendlyName: x\n{PKCS8_PEM}\n\n"),
    ] {
        assert!(read(&pem).is_ok(), "{} characters", pem.len());
    }
}

#[test]
fn what_is_wrong_with_a_key_is_said_and_nothing_of_it() {
    let body = PKCS8_PEM.lines().nth(3).unwrap();
    let half = &PKCS8_PEM[..PKCS8_PEM.len() / 2];
    for (pem, says) in [
        (String::new(), "does not begin"),
        (body.to_owned(), "does not begin"),
        (half.to_owned(), "breaks off"),
        (PKCS8_PEM.replace("PRIVATE", "ENCRYPTED PRIVATE"), "passphrase"),
        (PKCS1_PEM.replace("KEY-----\nMII", "KEY-----\nProc-Type: 4,ENCRYPTED\n\nMII"), "passphrase"),
        (PKCS8_PEM.replace("PRIVATE", "PUBLIC"), "public half"),
        (PKCS8_PEM.replace("PRIVATE KEY", "CERTIFICATE"), "public half"),
        (PKCS8_PEM.replace("PRIVATE", "EC PRIVATE"), "no private key for RSA"),
        (PKCS8_PEM.replace(body, "*"), "damaged"),
        (PKCS8_PEM.replace(body, ""), "cannot be read"),
    ] {
        let fault = read(&pem).map(|_| ()).unwrap_err();
        let told = format!("{fault} {fault:?}");
        assert!(told.contains(says), "{says}: {told}");
        assert!(body.is_empty() || !told.contains(&body[..20]), "{says}");
        assert_eq!(fault.code(), "enablebanking.no_key");
    }
}
