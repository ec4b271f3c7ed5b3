//! Bodies as they come: bounded in length, in time, and in the time between two pieces.

use crate::{
    boxes::Place,
    quota::Unfinished,
    reply::{self, Reply},
    settings::Limits,
    upload::Upload,
};
use http_body_util::{BodyExt, Limited};
use hyper::{
    StatusCode,
    body::{Body, Bytes, Incoming},
    header::EXPECT,
    http::request::Parts,
};
use socialnet::Result;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// How much of a body that is refused is read and thrown away.
const THROWN_AWAY: usize = 8 << 20;

/// The body of a request.
pub struct Coming {
    body: Incoming,
    /// Its sender waits to be asked for it (RFC 9110 section 10.1.1), and was not so far.
    held_back: bool,
}

impl Coming {
    /// Not yet asked for.
    pub fn new(head: &Parts, body: Incoming) -> Self {
        Self { body, held_back: head.headers.contains_key(EXPECT) }
    }

    async fn piece(&mut self, deadline: Instant, idle: Duration) -> Piece {
        self.held_back = false;
        loop {
            match timeout_at(deadline.min(Instant::now() + idle), self.body.frame()).await {
                Err(_) => return Piece::Late,
                Ok(None) => return Piece::End,
                Ok(Some(Err(_))) => return Piece::Broken,
                // Trailers mean nothing here.
                Ok(Some(Ok(frame))) => {
                    if let Ok(piece) = frame.into_data() {
                        return Piece::Data(piece);
                    }
                }
            }
        }
    }

    /// Goes on reading while the answer is on its way: most clients listen only when they have sent all, and one whose
    /// connection ends before never hears why.
    pub fn throw_away(mut self, limits: &Limits) {
        if self.held_back || self.body.is_end_stream() {
            return;
        }
        let (deadline, idle) = (Instant::now() + limits.body_time, limits.idle_time);
        tokio::spawn(async move {
            let mut left = THROWN_AWAY;
            while let Piece::Data(piece) = self.piece(deadline, idle).await {
                left = left.saturating_sub(piece.len());
                if left == 0 {
                    return;
                }
            }
        });
    }
}

enum Piece {
    Data(Bytes),
    End,
    Late,
    Broken,
}

/// A body, or the answer to one that is not taken.
pub enum Received {
    Whole(Upload),
    Not(Reply),
}

/// Takes a body on its way into a box.
pub async fn upload(
    place: &Place,
    body: &mut Coming,
    limits: &Limits,
    unfinished: &mut Unfinished<'_>,
) -> Result<Received> {
    let told = body.body.size_hint().exact();
    if told == Some(0) {
        return Ok(Received::Not(reply::words(StatusCode::BAD_REQUEST, "there is nothing in it")));
    }
    if told.is_some_and(|length| length > limits.body as u64) {
        return Ok(Received::Not(reply::too_large(limits.body)));
    }
    let deadline = Instant::now() + limits.body_time;
    let mut upload = Upload::new(place);
    loop {
        let piece = match body.piece(deadline, limits.idle_time).await {
            Piece::Data(piece) => piece,
            Piece::End if upload.size() == 0 => {
                return Ok(Received::Not(reply::words(StatusCode::BAD_REQUEST, "there is nothing in it")));
            }
            Piece::End => return Ok(Received::Whole(upload)),
            Piece::Late => {
                let line = "the body did not come in time";
                return Ok(Received::Not(reply::words(StatusCode::REQUEST_TIMEOUT, line)));
            }
            Piece::Broken => {
                return Ok(Received::Not(reply::words(StatusCode::BAD_REQUEST, "the body broke off")));
            }
        };
        if upload.size() + piece.len() > limits.body {
            return Ok(Received::Not(reply::too_large(limits.body)));
        }
        upload = if upload.would_write(piece.len()) {
            if !unfinished.grow((upload.size() + piece.len()) as u64) {
                return Ok(Received::Not(reply::full()));
            }
            crate::service::blocking(move || upload.add(&piece).map(|()| upload)).await?
        } else {
            upload.add(&piece)?;
            upload
        };
    }
}

/// Takes a small body into memory.
pub async fn small(body: &mut Coming, most: usize, limits: &Limits) -> Option<Bytes> {
    body.held_back = false;
    let whole = timeout(limits.idle_time, Limited::new(&mut body.body, most).collect()).await;
    whole.ok()?.ok().map(http_body_util::Collected::to_bytes)
}
