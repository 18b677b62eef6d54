//! Invitations by mail: what a mail server is told, and what happens when it cannot or will not take a mail.

use std::sync::{Arc, Mutex};

use bankside_connect::Registry;
use bankside_domain::Role;
use bankside_engine::{MailSecurity, MailSettings, MailState, Placing};
use jiff::SignedDuration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::house::{House, on_both};

/// A mail server on the loopback that answers each mail as it was told, and keeps what it has taken.
pub(crate) struct MailServer {
    port: u16,
    taken: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    /// Answers the recipients of one mail after the other like this; those after the last are taken.
    pub(crate) async fn start(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let taken = Arc::<Mutex<Vec<String>>>::default();
        let keep = Arc::clone(&taken);
        tokio::spawn(async move {
            let mut answers = answers.iter();
            while let Ok((stream, _)) = listener.accept().await {
                let answer = answers.next().copied().unwrap_or("250 ok");
                if let Some(mail) = converse(stream, answer).await {
                    keep.lock().unwrap().push(mail);
                }
            }
        });
        Self { port, taken }
    }

    pub(crate) fn settings(&self) -> MailSettings {
        MailSettings {
            host: "127.0.0.1".into(),
            port: self.port,
            security: MailSecurity::Plain,
            login: None,
            from: "Bankside <money@example.org>".into(),
        }
    }

    pub(crate) fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }
}

/// One conversation; answers with the mail that was taken.
async fn converse(stream: TcpStream, answer: &str) -> Option<String> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.example.org\r\n").await.ok()?;
    let (mut mail, mut is_data) = (String::new(), false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let reply = match line.trim_end() {
            "." if is_data => {
                stream.write_all(b"250 taken\r\n").await.ok()?;
                return Some(mail);
            }
            _ if is_data => {
                mail.push_str(&line);
                continue;
            }
            "DATA" => {
                is_data = true;
                "354 go on"
            }
            line if line.starts_with("RCPT") => {
                mail.push_str(line);
                answer
            }
            "QUIT" => return None,
            _ => "250 ok",
        };
        stream.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
    }
}

impl House {
    pub(crate) async fn with_mail(&mut self, server: &MailServer) {
        let settings = server.settings();
        self.restart_with(Registry::all(), move |all| all.mail = Some(settings)).await;
    }

    async fn mail_state(&self) -> MailState {
        self.engine.members(&self.asker).await.unwrap().invitations.remove(0).mail.unwrap()
    }
}

/// The token of the link in a mail.
fn token(mail: &str) -> String {
    // Long lines are folded in quoted-printable.
    let text = mail.replace("=\r\n", "");
    let (_, rest) = text.split_once("/invitations/").unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

on_both! {
    an_invitation_comes_by_mail_after_a_server_that_was_busy(house) {
        let server = MailServer::start(&["451 busy, come again"]).await;
        house.with_mail(&server).await;
        let invited = house.engine.invite(&house.asker, "ada@example.org", Placing::role(Role::Viewer)).await.unwrap();
        assert!(invited[0].link.is_none(), "the link goes to its recipient alone");
        assert!(house.engine.send_once().await.unwrap());
        let MailState::Waiting(Some(why)) = house.mail_state().await else { panic!("it should wait") };
        assert!(why.contains("busy"), "{why}");
        assert!(!house.engine.send_once().await.unwrap(), "not before its time");
        house.clock.advance(SignedDuration::from_mins(2));
        assert!(house.engine.send_once().await.unwrap());
        assert!(matches!(house.mail_state().await, MailState::Sent(_)));
        let taken = server.taken();
        assert_eq!(taken.len(), 1);
        assert!(taken[0].contains("ada@example.org") && taken[0].contains("Bankside <money@example.org>"), "{}", taken[0]);
        let invited = house.engine.invited(&token(&taken[0])).await.unwrap();
        assert_eq!(invited.email, "ada@example.org");
        assert!(!house.engine.send_once().await.unwrap(), "it is sent once");
    }

    a_mail_that_is_refused_for_good_is_given_up(house) {
        let server = MailServer::start(&["550 nobody of this name"]).await;
        house.with_mail(&server).await;
        house.engine.invite(&house.asker, "nobody@example.org", Placing::role(Role::Viewer)).await.unwrap();
        assert!(house.engine.send_once().await.unwrap());
        let MailState::GivenUp(Some(why)) = house.mail_state().await else { panic!("it should be given up") };
        assert!(why.contains("nobody of this name"), "{why}");
        house.clock.advance(SignedDuration::from_hours(24));
        assert!(!house.engine.send_once().await.unwrap());
        assert!(server.taken().is_empty());
    }

    a_mail_is_tried_a_while_and_then_given_up(house) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let nobody = MailServer { port, taken: Arc::default() };
        house.with_mail(&nobody).await;
        house.engine.invite(&house.asker, "ada@example.org", Placing::role(Role::Viewer)).await.unwrap();
        let mut tries = 0;
        while house.engine.send_once().await.unwrap() {
            tries += 1;
            house.clock.advance(SignedDuration::from_hours(13));
        }
        assert_eq!(tries, 8);
        assert!(matches!(house.mail_state().await, MailState::GivenUp(Some(_))));
    }

    without_a_mail_server_the_link_is_shown_once_to_whoever_invites(house) {
        let invited = house.engine.invite(&house.asker, "ada@example.org, ADA@example.org", Placing::role(Role::Viewer)).await.unwrap();
        assert_eq!(invited.len(), 1, "one address is invited once");
        let link = invited[0].link.as_ref().unwrap().expose().to_owned();
        assert!(link.starts_with("http://127.0.0.1:5006/invitations/"), "{link}");
        assert!(!house.engine.send_once().await.unwrap());
        assert_eq!(house.engine.members(&house.asker).await.unwrap().invitations[0].mail, None);
        let wrong = house.engine.invite(&house.asker, "ada at example.org", Placing::role(Role::Viewer)).await;
        assert!(wrong.unwrap_err().to_string().contains("no address"));
    }
}
