//! Answers, and the headers that go with all of them.

use hyper::{
    Response, StatusCode,
    body::Bytes,
    header::{
        CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
        LOCATION, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
    },
};
use socialnet::{Error, Kind, Result};
use socialnet_serve::{Body, full};
use std::fs::File;

pub use socialnet_serve::Reply;

/// What our own pages may do: load from here, send forms here, and nothing else.
pub const PAGE: &str = "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// What somebody's file may do, should a browser take it for a page after all: nothing.
pub const FILE: &str =
    "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Whatever is the body.
fn with(status: StatusCode, kind: &'static str, policy: &'static str, body: Body) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    for (name, value) in [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, policy),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Whoever sits down at this machine later is not shown what a browser kept.
        (CACHE_CONTROL, "no-store"),
        // With no-referrer a browser hides the Origin of our own forms, too, which the guard wants to see (Fetch
        // standard, "append a request Origin header"). To others this tells as little.
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        reply.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    reply
}

/// A page.
pub fn page(status: StatusCode, html: String) -> Reply {
    with(status, "text/html; charset=utf-8", PAGE, full(html))
}

/// Something for the script.
pub fn json(value: &serde_json::Value) -> Reply {
    with(StatusCode::OK, "application/json", PAGE, full(value.to_string()))
}

/// A part of the program.
pub fn fixed(kind: &'static str, text: &'static str) -> Reply {
    with(StatusCode::OK, kind, PAGE, full(Bytes::from_static(text.as_bytes())))
}

/// What is done is done: look there. `path` is ours, in ASCII.
pub fn see(path: &str) -> Result<Reply> {
    let mut reply = with(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", PAGE, full(Bytes::new()));
    reply.headers_mut().insert(LOCATION, header(path)?);
    Ok(reply)
}

/// The same for the script, which can't help following what [`see`] says: that page would be made twice, and what it says
/// once or shows as new would be in the one that nobody sees.
pub fn see_by_script(reply: Reply) -> Reply {
    match reply.headers().get(LOCATION).and_then(|path| path.to_str().ok()) {
        Some(path) => json(&serde_json::json!({ "see": path })),
        None => reply,
    }
}

/// The same answer with a cookie.
pub fn cookie(mut reply: Reply, cookie: &str) -> Result<Reply> {
    reply.headers_mut().insert(SET_COOKIE, header(cookie)?);
    Ok(reply)
}

/// A picture of one of the few types that browsers only ever show.
pub fn picture(kind: &'static str, bytes: Vec<u8>) -> Reply {
    with(StatusCode::OK, kind, FILE, full(bytes))
}

/// A file from its beginning, as a picture of that type or, without one, to be saved under a name.
pub fn file(file: File, size: u64, kind: Option<&'static str>, name: &str) -> Result<Reply> {
    let body = socialnet_serve::file(file, size);
    let mut reply = with(StatusCode::OK, kind.unwrap_or("application/octet-stream"), FILE, body);
    if kind.is_none() {
        // RFC 6266 and RFC 8187: percent-encoded, so that no name ends the header or the quotes.
        let encoded: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let value = format!("attachment; filename*=UTF-8''{}", encoded.replace('+', "%20"));
        reply.headers_mut().insert(hyper::header::CONTENT_DISPOSITION, header(&value)?);
    }
    reply.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size));
    Ok(reply)
}

/// The status that goes with a failure.
pub fn status(error: &Error) -> StatusCode {
    match error.kind() {
        Kind::Nothing => StatusCode::NOT_FOUND,
        Kind::Usage | Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::NotAllowed => StatusCode::FORBIDDEN,
        Kind::Again => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn header(value: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(value).map_err(|_| Error::malformed("not a header's value"))
}
