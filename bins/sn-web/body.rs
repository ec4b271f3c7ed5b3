//! What forms send: bounded in length and in time.

use http_body_util::{BodyExt, Limited};
use hyper::{
    Request,
    body::{Body, Bytes, Incoming},
    header::CONTENT_TYPE,
};
use socialnet::{Error, Kind, Result};
use std::time::Duration;
use tokio::time::timeout;

/// Bytes of a form: as many characters as a page lets anybody type, with every byte percent-encoded. A packet holds fewer
/// bytes, which is said where the text can be shown again.
const MAX_FORM: usize = 1 << 20;
/// Time for the whole of it.
const TIME: Duration = Duration::from_secs(30);

/// The fields of a form.
#[derive(Default, Hash)]
pub struct Form(Vec<(String, String)>);

/// Takes a form. [`Kind::Usage`]: it is none, or too long; [`Kind::Again`]: it did not come in time.
pub async fn form(request: &mut Request<Incoming>) -> Result<Form> {
    let kind = request.headers().get(CONTENT_TYPE).map(|kind| kind.as_bytes().to_ascii_lowercase());
    if kind.as_deref() != Some(b"application/x-www-form-urlencoded") {
        return Err(Error::new(Kind::Usage, "that is no form"));
    }
    let body = request.body_mut();
    if body.size_hint().lower() > MAX_FORM as u64 {
        return Err(too_long());
    }
    let whole = timeout(TIME, Limited::new(body, MAX_FORM).collect()).await;
    let whole = whole.map_err(|_| late())?.map_err(|_| too_long())?;
    Ok(Form::read(&whole.to_bytes()))
}

/// What is said of one that is too long.
pub fn too_long() -> Error {
    Error::new(Kind::Usage, "that is too long")
}

/// What is said of one that takes too long.
pub fn late() -> Error {
    Error::new(Kind::Again, "it did not come in time")
}

impl Form {
    fn read(body: &Bytes) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// Of an upload, where fields come one by one.
    pub fn add(&mut self, name: String, value: String) {
        self.0.push((name, value));
    }

    /// A field; empty if it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value)
    }

    /// A field in which something is written.
    pub fn filled(&self, name: &str) -> Option<&str> {
        Some(self.get(name).trim()).filter(|value| !value.is_empty())
    }

    /// Words for a packet. Browsers write CR LF in forms (HTML standard, "constructing the entry list").
    pub fn words(&self, name: &str) -> Option<String> {
        self.filled(name).map(|words| words.replace("\r\n", "\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_was_typed() {
        let form = Form::read(&Bytes::from_static(b"text=one%0D%0Atwo+%26+%C3%BC%20&to=all&to=bob&note=+"));
        assert_eq!(form.words("text").as_deref(), Some("one\ntwo & ü"));
        assert_eq!((form.get("to"), form.filled("note"), form.get("nothing")), ("all", None, ""));
    }

    #[test]
    fn any_bytes_are_some_form() {
        let form = Form::read(&Bytes::from_static(b"text=%ff%0&=&&x"));
        assert_eq!((form.get("text"), form.get("x")), ("\u{fffd}%0", ""));
    }
}
