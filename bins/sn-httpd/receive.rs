//! Bodies as they come: bounded in length, in time, and in the time between two pieces.

use crate::{
    boxes::Place,
    reply::{self, Reply},
    settings::Limits,
    upload::Upload,
};
use http_body_util::{BodyExt, Limited};
use hyper::{
    Request, StatusCode,
    body::{Body, Bytes, Incoming},
};
use socialnet::Result;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// How much more than allowed is read and thrown away, so that a client that sends before it listens hears why.
const THROWN_AWAY: usize = 8 << 20;

/// A body, or the answer to one that is not taken.
pub enum Received {
    Whole(Upload),
    Not(Reply),
}

/// Takes a body on its way into a box.
pub async fn upload(place: &Place, request: &mut Request<Incoming>, limits: &Limits) -> Result<Received> {
    let body = request.body_mut();
    let told = body.size_hint().exact();
    if told == Some(0) {
        return Ok(Received::Not(reply::words(StatusCode::BAD_REQUEST, "there is nothing in it")));
    }
    let deadline = Instant::now() + limits.body_time;
    if told.is_some_and(|length| length > limits.body as u64) {
        throw_away(body, deadline, limits.idle_time).await;
        return Ok(Received::Not(reply::too_large(limits.body)));
    }
    let mut upload = Upload::new(place);
    loop {
        let piece = match piece(body, deadline, limits.idle_time).await {
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
            throw_away(body, deadline, limits.idle_time).await;
            return Ok(Received::Not(reply::too_large(limits.body)));
        }
        upload = if upload.would_write(piece.len()) {
            crate::service::blocking(move || upload.add(&piece).map(|()| upload)).await?
        } else {
            upload.add(&piece)?;
            upload
        };
    }
}

/// Takes a small body into memory.
pub async fn small(request: &mut Request<Incoming>, most: usize, limits: &Limits) -> Option<Bytes> {
    let whole = timeout(limits.idle_time, Limited::new(request.body_mut(), most).collect()).await;
    whole.ok()?.ok().map(http_body_util::Collected::to_bytes)
}

enum Piece {
    Data(Bytes),
    End,
    Late,
    Broken,
}

async fn piece(body: &mut Incoming, deadline: Instant, idle: Duration) -> Piece {
    loop {
        match timeout_at(deadline.min(Instant::now() + idle), body.frame()).await {
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

async fn throw_away(body: &mut Incoming, deadline: Instant, idle: Duration) {
    let mut left = THROWN_AWAY;
    while let Piece::Data(piece) = piece(body, deadline, idle).await {
        left = left.saturating_sub(piece.len());
        if left == 0 {
            return;
        }
    }
}
