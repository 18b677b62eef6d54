//! Pictures of banks: fetched by the server, so that no page talks to a stranger, and passed on only if they are pictures.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bankside_domain::{Asker, Right};
use url::Url;

use crate::{Engine, EngineError};

/// At most this many pictures are remembered.
const MAX_REMEMBERED: usize = 400;

/// The media types that are passed on.
const MEDIA_TYPES: [&str; 5] = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/svg+xml"];

/// A picture that may be shown.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Its media type, one of a short list.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Pictures that were fetched already.
#[derive(Default)]
pub(crate) struct Pictures(Mutex<HashMap<String, Picture>>);

impl Pictures {
    fn get(&self, url: &str) -> Option<Picture> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(url).cloned()
    }

    fn keep(&self, url: &str, picture: &Picture) {
        let mut pictures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pictures.len() >= MAX_REMEMBERED {
            pictures.clear();
        }
        pictures.insert(url.to_owned(), picture.clone());
    }
}

impl Engine {
    /// The picture of a bank that the provider lists.
    pub async fn picture(
        &self,
        asker: &Asker,
        provider: &str,
        country: &str,
        institution_key: &str,
    ) -> Result<Picture, EngineError> {
        asker.require(Right::ManageBanks)?;
        let missing = EngineError::NotFound("the picture");
        let institutions = self.institutions(asker, provider, country).await?;
        let institution = institutions.iter().find(|institution| institution.key == institution_key);
        let Some(logo) = institution.and_then(|institution| institution.logo.as_deref()) else { return Err(missing) };
        if let Some(picture) = self.pictures.get(logo) {
            return Ok(picture);
        }
        let url = Url::parse(logo).map_err(|_| EngineError::NotFound("the picture"))?;
        let home = self.base_url(self.connector(provider)?.as_ref())?;
        let answer = self.http.picture(&url, &home).await?;
        let stated = answer.header("content-type").unwrap_or_default();
        let media_type = MEDIA_TYPES.into_iter().find(|known| stated.starts_with(known));
        let Some(media_type) = media_type.filter(|_| answer.is_success()) else { return Err(missing) };
        let picture = Picture { media_type, bytes: answer.body };
        self.pictures.keep(logo, &picture);
        Ok(picture)
    }
}
