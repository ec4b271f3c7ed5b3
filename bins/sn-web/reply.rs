//! Answers, and the headers that go with all of them.

use http_body_util::{BodyExt, Full, channel::Channel, combinators::UnsyncBoxBody};
use hyper::{
    Response, StatusCode,
    body::Bytes,
    header::{
        CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
        LOCATION, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
    },
};
use socialnet::{Error, Kind, Result};
use std::{fs::File, io, io::Read};

/// Any answer's body.
pub type Body = UnsyncBoxBody<Bytes, io::Error>;
/// Any answer.
pub type Reply = Response<Body>;

/// What our own pages may do: load from here, send forms here, and nothing else.
pub const PAGE: &str = "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// What somebody's file may do, should a browser take it for a page after all: nothing.
pub const FILE: &str =
    "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Bytes of a file that are read at once.
const PIECE: usize = 64 << 10;

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
    with(status, "text/html; charset=utf-8", PAGE, full(html.into()))
}

/// Something for the script.
pub fn json(value: &serde_json::Value) -> Reply {
    with(StatusCode::OK, "application/json", PAGE, full(value.to_string().into()))
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

/// The same answer with a cookie.
pub fn cookie(mut reply: Reply, cookie: &str) -> Result<Reply> {
    reply.headers_mut().insert(SET_COOKIE, header(cookie)?);
    Ok(reply)
}

/// A picture of one of the few types that browsers only ever show.
pub fn picture(kind: &'static str, bytes: Vec<u8>) -> Reply {
    with(StatusCode::OK, kind, FILE, full(bytes.into()))
}

/// A file from its beginning, as a picture of that type or, without one, to be saved under a name.
pub fn file(file: File, size: u64, kind: Option<&'static str>, name: &str) -> Result<Reply> {
    let (sender, body) = Channel::new(1);
    let mut reply =
        with(StatusCode::OK, kind.unwrap_or("application/octet-stream"), FILE, body.boxed_unsync());
    if kind.is_none() {
        // RFC 6266 and RFC 8187: percent-encoded, so that no name ends the header or the quotes.
        let encoded: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let value = format!("attachment; filename*=UTF-8''{}", encoded.replace('+', "%20"));
        reply.headers_mut().insert(hyper::header::CONTENT_DISPOSITION, header(&value)?);
    }
    reply.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size));
    tokio::spawn(send(file, size, sender));
    Ok(reply)
}

/// Sends a file piece by piece, as fast as it is taken.
async fn send(file: File, size: u64, mut to: http_body_util::channel::Sender<Bytes, io::Error>) {
    let (mut file, mut left) = (file, size);
    while left > 0 {
        let most = left.min(PIECE as u64);
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = Vec::with_capacity(most as usize);
            file.by_ref().take(most).read_to_end(&mut piece).map(|_| (piece, file))
        });
        match read.await {
            Ok(Ok((piece, again))) if !piece.is_empty() => {
                left -= piece.len() as u64;
                file = again;
                if to.send_data(piece.into()).await.is_err() {
                    // Nobody listens any more.
                    return;
                }
            }
            // Shorter than was told: the connection ends, so nobody takes it for whole.
            _ => return to.abort(io::ErrorKind::UnexpectedEof.into()),
        }
    }
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

fn full(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}
