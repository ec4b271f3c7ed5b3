//! What each request means. socialnet-http(7) is the authority.

use crate::{
    arrivals::Arrivals,
    boxes::{Boxes, Place},
    commit::{Delivery, Stored},
    counters::Counters,
    limits, log,
    login::{self, Logins},
    quota::Quotas,
    receive::{self, Coming, Received},
    reply::{self, Reply},
    settings::{Limits, Log},
};
use hyper::{
    Method, Request, StatusCode,
    body::Incoming,
    header::{ALLOW, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue},
    http::request::Parts,
};
use jiff::Timestamp;
use socialnet::{Kind, Result};
use std::{net::IpAddr, sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot, watch};

/// How long a client waits that came when the server had too much to do, or was about to stop.
const BUSY: Duration = Duration::from_secs(5);
/// How many requests a wrong secret counts as: guessing takes long.
const WRONG_SECRET: f64 = 20.0;

/// Everything that requests need.
pub struct Service {
    pub boxes: Boxes,
    pub limits: Limits,
    pub clients: Arc<limits::Limits>,
    pub deliveries: mpsc::Sender<Delivery>,
    pub quotas: Arc<Quotas>,
    pub arrivals: Arc<Arrivals>,
    pub logins: Logins,
    pub counters: Arc<Counters>,
    pub log: Log,
    /// True once the server is about to stop.
    pub stopping: watch::Receiver<bool>,
}

/// What a path names, and how the log calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource<'a> {
    Health,
    Box(&'a str),
    Item(&'a str, &'a str),
    Login(&'a str),
    Profile(&'a str),
    Nothing,
}

impl<'a> Resource<'a> {
    /// Reads a path.
    pub fn of(path: &'a str) -> Self {
        let parts: Vec<&str> = path.strip_prefix('/').unwrap_or_default().split('/').collect();
        match *parts.as_slice() {
            ["healthz"] => Self::Health,
            ["in", name] => Self::Box(name),
            ["in", name, item] => Self::Item(name, item),
            ["login", name] => Self::Login(name),
            ["profile", name] => Self::Profile(name),
            _ => Self::Nothing,
        }
    }

    fn name(self) -> Option<&'a str> {
        match self {
            Self::Box(name) | Self::Item(name, _) | Self::Login(name) | Self::Profile(name) => Some(name),
            Self::Health | Self::Nothing => None,
        }
    }

    fn methods(self) -> &'static str {
        match self {
            Self::Box(_) | Self::Login(_) => "GET, POST",
            Self::Item(..) => "GET, DELETE",
            Self::Health | Self::Profile(_) | Self::Nothing => "GET",
        }
    }
}

impl Service {
    /// Answers a request that came from a network address.
    pub async fn answer(&self, client: IpAddr, request: Request<Incoming>) -> Reply {
        let (head, body) = request.into_parts();
        let mut body = Coming::new(&head, body);
        let reply = self.judge(client, &head, &mut body).await;
        if !reply.status().is_success() {
            body.throw_away(&self.limits);
        }
        reply
    }

    async fn judge(&self, client: IpAddr, head: &Parts, body: &mut Coming) -> Reply {
        let resource = Resource::of(head.uri.path());
        if resource == Resource::Health {
            return reply::words(StatusCode::OK, "ok");
        }
        if let Err(wait) = self.clients.request(client, 1.0) {
            return reply::wait(StatusCode::TOO_MANY_REQUESTS, "too many requests: wait a little", wait);
        }
        let Some(name) = resource.name() else {
            return reply::words(StatusCode::NOT_FOUND, "there is nothing here");
        };
        let (boxes, name) = (self.boxes.clone(), name.to_owned());
        let place = match blocking(move || boxes.find(&name)).await {
            Ok(Some(place)) => place,
            Ok(None) => return reply::words(StatusCode::NOT_FOUND, "there is no such box"),
            Err(error) => return self.failure(&error),
        };
        let answered = match (resource, &head.method) {
            (Resource::Box(_), &Method::POST) => self.put(place, head, body).await,
            (Resource::Box(_), &Method::GET) => match self.refused(client, &place, head).await {
                Some(refused) => Ok(refused),
                None => self.list(place, head.uri.query()).await,
            },
            (Resource::Item(_, item), &Method::GET) => match self.refused(client, &place, head).await {
                Some(refused) => Ok(refused),
                None => self.item(place, item.to_owned()).await,
            },
            (Resource::Item(_, item), &Method::DELETE) => match self.refused(client, &place, head).await {
                Some(refused) => Ok(refused),
                None => self.delete(place, item.to_owned()).await,
            },
            (Resource::Login(_), &Method::GET) => self.nonce(place).await,
            (Resource::Login(_), &Method::POST) => self.login(client, place, body).await,
            (Resource::Profile(_), &Method::GET) => profile(place).await,
            _ => {
                let mut refused = reply::words(StatusCode::METHOD_NOT_ALLOWED, "not what can be done here");
                refused.headers_mut().insert(ALLOW, HeaderValue::from_static(resource.methods()));
                Ok(refused)
            }
        };
        answered.unwrap_or_else(|error| self.failure(&error))
    }

    /// What is wrong on this side. A person reads it in the log, since it names files; a client reads what it can do.
    fn failure(&self, error: &socialnet::Error) -> Reply {
        if error.kind() == Kind::Full {
            return reply::words(StatusCode::INSUFFICIENT_STORAGE, "there is no room here: try again later");
        }
        log::line(error.message());
        reply::words(StatusCode::INTERNAL_SERVER_ERROR, "something is wrong here: try again later")
    }

    async fn put(&self, place: Place, head: &Parts, body: &mut Coming) -> Result<Reply> {
        let kind = head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !matches!(kind.as_str(), "application/pkcs7-mime" | "application/octet-stream") {
            let line = "not application/pkcs7-mime (an envelope) or application/octet-stream (a chunk)";
            return Ok(reply::words(StatusCode::UNSUPPORTED_MEDIA_TYPE, line));
        }
        if *self.stopping.borrow() {
            return Ok(busy());
        }
        if self.quotas.is_full(&place) {
            return Ok(reply::full());
        }
        let (ready, place) = {
            let prepared = place.clone();
            (blocking(move || prepared.prepare()).await, place)
        };
        ready?;
        let mut unfinished = self.quotas.unfinished(&place);
        let upload = match receive::upload(&place, body, &self.limits, &mut unfinished).await? {
            Received::Whole(upload) => upload,
            Received::Not(refused) => return Ok(refused),
        };
        let (done, stored) = oneshot::channel();
        if self.deliveries.send(Delivery { place, upload, done }).await.is_err() {
            return Ok(busy());
        }
        match stored.await {
            Err(_) => Ok(busy()),
            Ok(Ok(Stored::Full)) => Ok(reply::full()),
            Ok(Ok(Stored::New | Stored::Known)) => Ok(reply::words(StatusCode::ACCEPTED, "it is in the box")),
            Ok(Err(error)) => Err(error),
        }
    }

    /// The answer to whoever may not fetch.
    async fn refused(&self, client: IpAddr, place: &Place, head: &Parts) -> Option<Reply> {
        if place.local {
            return Some(reply::words(StatusCode::FORBIDDEN, "nobody fetches from this box by HTTP"));
        }
        let shown = head.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
        let token = match shown.split_at_checked(7) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"bearer ") => token.trim_ascii(),
            _ => return Some(reply::not_let_in()),
        };
        // Two small files of the box are read: as quick as the lookup of the box itself.
        match self.logins.lets_in(place, token, Timestamp::now()) {
            Ok(true) => None,
            Ok(false) => Some(self.wrong(client)),
            Err(error) => Some(self.failure(&error)),
        }
    }

    fn wrong(&self, client: IpAddr) -> Reply {
        self.counters.not_let_in.add(1);
        match self.clients.request(client, WRONG_SECRET) {
            Ok(()) => reply::not_let_in(),
            Err(wait) => reply::wait(StatusCode::TOO_MANY_REQUESTS, "too many wrong tokens: wait", wait),
        }
    }

    async fn list(&self, place: Place, query: Option<&str>) -> Result<Reply> {
        let seconds =
            query.and_then(|query| query.strip_prefix("wait=")).map_or(Some(0), |it| it.parse().ok());
        let Some(seconds) = seconds else {
            return Ok(reply::words(StatusCode::BAD_REQUEST, "wait is a number of seconds"));
        };
        let deadline = tokio::time::Instant::now() + Duration::from_secs(seconds).min(self.limits.wait);
        let mut stopping = self.stopping.clone();
        let waiter = self.arrivals.wait(&place.name);
        loop {
            // Before the look, so that nothing comes unnoticed between the two.
            let arrival = waiter.notify.notified();
            let looked = place.clone();
            let names = blocking(move || looked.names()).await?;
            if !names.is_empty() || tokio::time::Instant::now() >= deadline || *stopping.borrow() {
                let lines = names.into_iter().flat_map(|name| [name, "\n".to_owned()]).collect();
                return Ok(reply::text(StatusCode::OK, lines));
            }
            tokio::select! {
                () = arrival => {}
                () = tokio::time::sleep_until(deadline) => {}
                _ = stopping.changed() => {}
            }
        }
    }

    async fn item(&self, place: Place, name: String) -> Result<Reply> {
        let Some((file, size)) = blocking(move || Ok(place.open(&name))).await? else {
            return Ok(reply::words(StatusCode::NOT_FOUND, "there is no such item"));
        };
        let body = socialnet_serve::file(file, size);
        let mut found = reply::with_type(StatusCode::OK, "application/octet-stream", body);
        found.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size));
        self.counters.fetched.add(1);
        Ok(found)
    }

    async fn delete(&self, place: Place, name: String) -> Result<Reply> {
        let from = place.clone();
        if let Some(size) = blocking(move || from.delete(&name)).await? {
            self.quotas.give(&place, size);
            self.counters.deleted.add(1);
        }
        Ok(reply::nothing(StatusCode::NO_CONTENT))
    }

    async fn nonce(&self, place: Place) -> Result<Reply> {
        let asked = place.clone();
        if place.local || blocking(move || asked.owner()).await?.is_none() {
            return Ok(reply::words(StatusCode::NOT_FOUND, "nobody logs in to this box"));
        }
        Ok(reply::words(StatusCode::OK, &self.logins.nonce(&place.name, Timestamp::now())?))
    }

    async fn login(&self, client: IpAddr, place: Place, body: &mut Coming) -> Result<Reply> {
        let Some(form) = receive::small(body, login::MAX_BODY, &self.limits).await else {
            return Ok(reply::words(StatusCode::BAD_REQUEST, "not a login"));
        };
        match self.logins.login(&place, &form, Timestamp::now()) {
            Ok(token) => Ok(reply::words(StatusCode::OK, &token)),
            // Whatever is wrong, a stranger learns only that it is.
            Err(error) if !matches!(error.kind(), Kind::Io | Kind::Full) => Ok(self.wrong(client)),
            Err(error) => Err(error),
        }
    }
}

async fn profile(place: Place) -> Result<Reply> {
    Ok(match blocking(move || place.profile()).await? {
        Some(pem) => reply::bytes("application/x-pem-file", pem),
        None => reply::words(StatusCode::NOT_FOUND, "there is no profile here"),
    })
}

fn busy() -> Reply {
    reply::wait(StatusCode::SERVICE_UNAVAILABLE, "too busy: try again", BUSY)
}

/// Runs what blocks, beside the tasks that must not.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(_) => Err(socialnet::Error::new(Kind::Again, "the server is about to stop")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert_eq!(Resource::of("/in/9fj3"), Resource::Box("9fj3"));
        assert_eq!(Resource::of("/in/9fj3/x"), Resource::Item("9fj3", "x"));
        assert_eq!(Resource::of("/login/9fj3"), Resource::Login("9fj3"));
        assert_eq!(Resource::of("/profile/9fj3"), Resource::Profile("9fj3"));
        assert_eq!(Resource::of("/healthz"), Resource::Health);
        for other in
            ["", "/", "/in", "in/9fj3", "//in/9fj3", "/in/9fj3/x/", "/in/a/b/c", "/healthz/", "/IN/x"]
        {
            assert_eq!(Resource::of(other), Resource::Nothing, "{other}");
        }
    }
}
