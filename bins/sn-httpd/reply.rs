//! Answers: a status, a line in words or bytes, and the headers that go with all of them.

use hyper::{
    Response, StatusCode,
    body::Bytes,
    header::{
        CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
    },
};
use socialnet_serve::Body;
use std::time::Duration;

pub use socialnet_serve::Reply;

/// A line in words.
pub fn words(status: StatusCode, line: &str) -> Reply {
    text(status, format!("{line}\n"))
}

/// Lines of text.
pub fn text(status: StatusCode, text: String) -> Reply {
    with_type(status, "text/plain; charset=utf-8", socialnet_serve::full(text))
}

/// Bytes of a media type.
pub fn bytes(kind: &'static str, bytes: Vec<u8>) -> Reply {
    with_type(StatusCode::OK, kind, socialnet_serve::full(bytes))
}

/// Nothing but the status.
pub fn nothing(status: StatusCode) -> Reply {
    let mut reply = Response::new(socialnet_serve::full(Bytes::new()));
    *reply.status_mut() = status;
    reply
}

/// Whatever is the body.
pub fn with_type(status: StatusCode, kind: &'static str, body: Body) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    // No browser shall take what a stranger put here for a page, nor any proxy keep it.
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

/// A line in words, and when to come again.
pub fn wait(status: StatusCode, line: &str, time: Duration) -> Reply {
    let mut reply = words(status, line);
    reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from(time.as_secs().max(1)));
    reply
}

/// 401.
pub fn not_let_in() -> Reply {
    let mut reply = words(StatusCode::UNAUTHORIZED, "a right token is needed to fetch from this box");
    reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    reply
}

/// 413, and how much would be taken.
pub fn too_large(most: usize) -> Reply {
    let mut reply =
        words(StatusCode::PAYLOAD_TOO_LARGE, &format!("too large: this server takes at most {most} bytes"));
    reply.headers_mut().insert("socialnet-max-bytes", HeaderValue::from(most));
    reply
}

/// 507.
pub fn full() -> Reply {
    words(StatusCode::INSUFFICIENT_STORAGE, "the box is full: try again when its owner has fetched")
}
