//! A form with a file: the file, its name, and what else was typed.

use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::StatusCode;

use crate::App;

/// A form as it was sent.
pub(super) struct Sent {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    /// The other fields.
    fields: Vec<(String, String)>,
}

impl Sent {
    /// What stands in a field; blank where it is not there.
    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.as_str())
    }

    /// Reads a form whose file is called `file`; what keeps it from being read is said in a sentence.
    pub(super) async fn of(app: &App, request: Request) -> Result<Self, String> {
        let unreadable = || "The file did not arrive whole. Choose it again.".to_owned();
        let mut form = Multipart::from_request(request, app).await.map_err(|_| unreadable())?;
        let mut sent = Self { name: String::new(), bytes: Vec::new(), fields: Vec::new() };
        while let Some(field) = form.next_field().await.map_err(|_| unreadable())? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "file" {
                field.file_name().unwrap_or_default().clone_into(&mut sent.name);
                sent.bytes = match field.bytes().await {
                    Ok(bytes) => bytes.to_vec(),
                    Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                        return Err("The file is too large.".to_owned());
                    }
                    Err(_) => return Err(unreadable()),
                };
            } else {
                let value = field.text().await.map_err(|_| unreadable())?;
                sent.fields.push((name, value));
            }
        }
        if sent.name.is_empty() && sent.bytes.is_empty() { Err("Choose a file first.".to_owned()) } else { Ok(sent) }
    }
}
