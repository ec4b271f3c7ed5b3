//! Which request goes where, and who may make it.

use crate::{
    body::{self, Form},
    fixed,
    forms::{self, Done},
    guard::{Guard, Refusal},
    node::{Desk, Node},
    pages::{self, Asked, Frame, files},
    reply::{self, Reply},
    rounds::Rounds,
    session::{Pressed, Session, Sessions},
    upload,
};
use hyper::{
    Method, Request, StatusCode,
    body::Incoming,
    header::{ACCEPT, ALLOW, COOKIE, HeaderValue},
};
use serde_json::json;
use socialnet::{Error, Kind, Result};
use std::{path::PathBuf, sync::Arc};

/// Everything that requests need.
pub struct Service {
    pub node: Arc<Node>,
    /// Where uploads are kept while they come.
    pub uploads: PathBuf,
    pub rounds: Arc<Rounds>,
    pub sessions: Sessions,
    pub guard: Guard,
}

impl Service {
    /// Answers a request.
    pub async fn answer(&self, request: Request<Incoming>) -> Reply {
        self.admit(request).await.unwrap_or_else(|error| pages::failure(&error))
    }

    async fn admit(&self, request: Request<Incoming>) -> Result<Reply> {
        let path = request.uri().path().to_owned();
        if ![Method::GET, Method::HEAD, Method::POST].contains(request.method()) {
            let mut refused =
                pages::refusal(StatusCode::METHOD_NOT_ALLOWED, "That can't be done here.", None);
            refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
            return Ok(refused);
        }
        if let Err(refusal) = self.guard.check(request.method(), request.uri(), request.headers()) {
            return Ok(refused(refusal));
        }
        // hyper leaves the body away where only the head is asked for (RFC 9110 section 9.3.2).
        let reading = request.method() != Method::POST;
        if let Some(part) = fixed::find(&path).filter(|_| reading) {
            return Ok(part);
        }
        // Whoever asks for the head alone, such as a program that looks at links, has not come in.
        if let Some(token) = path.strip_prefix("/enter/").filter(|_| request.method() == Method::GET) {
            return match self.sessions.enter(token)? {
                Some(cookie) => reply::cookie(reply::see("/")?, &cookie),
                // Whoever is inside and goes back in their browser's history.
                None if self.who(&request).is_some() => reply::see("/"),
                None => Ok(pages::refusal(
                    StatusCode::FORBIDDEN,
                    "This address has been used, or is not the newest one.",
                    Some(
                        "Start sn-web anew, or send it the signal USR1: it prints another one. \
                         If it was not you who used it, stop sn-web.",
                    ),
                )),
            };
        }
        let Some(session) = self.who(&request) else {
            return Ok(pages::refusal(
                StatusCode::UNAUTHORIZED,
                "This browser has not been let in.",
                Some(pages::WAY_IN),
            ));
        };
        if reading {
            self.show(&session, &path, request.uri().query()).await
        } else {
            self.act(session, &path, request).await
        }
    }

    fn who(&self, request: &Request<Incoming>) -> Option<Arc<Session>> {
        let cookies = request.headers().get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        cookies.into_iter().find_map(|cookies| self.sessions.who(cookies))
    }

    async fn show(&self, session: &Arc<Session>, path: &str, query: Option<&str>) -> Result<Reply> {
        let asked = Asked::read(query);
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match *parts.as_slice() {
            [""] => self.page(session, move |desk, frame| pages::feed::feed(desk, frame, &asked)).await,
            ["thread", from, id] => {
                let name = pages::packet_name(from, id)?;
                self.page(session, move |desk, frame| pages::feed::thread(desk, frame, name)).await
            }
            ["person", who] => {
                let who = pages::fingerprint(who)?;
                self.page(session, move |desk, frame| pages::person::page(desk, frame, who, &asked)).await
            }
            ["search"] => {
                self.page(session, move |desk, frame| pages::feed::search(desk, frame, &asked)).await
            }
            ["photo"] => self.page(session, pages::write::photo).await,
            ["people"] => self.page(session, pages::people::page).await,
            ["searches"] => self.page(session, pages::searches::page).await,
            ["waiting"] => {
                let state = self.rounds.state();
                self.page(session, move |desk, frame| pages::waiting::page(desk, frame, state)).await
            }
            ["file", from, id, number] => {
                let (name, number) = (pages::packet_name(from, id)?, pages::number(number)?);
                let found = self.node.with(move |desk| files::whole(desk, name, number)).await?;
                found.reply()
            }
            ["preview", from, id, number] => {
                let (name, number) = (pages::packet_name(from, id)?, pages::number(number)?);
                let (kind, bytes) = self.node.with(move |desk| files::preview(desk, name, number)).await?;
                Ok(reply::picture(kind, bytes))
            }
            ["news"] => {
                let after = asked.number("after")?.unwrap_or(i64::MAX);
                let news = self.node.with(move |desk| pages::feed::news(desk, after)).await?;
                Ok(reply::json(&json!({ "new": news, "running": self.rounds.state().0 })))
            }
            _ => Err(Error::new(Kind::Nothing, "there is nothing here")),
        }
    }

    /// Makes a page of what is in the account.
    async fn page(
        &self,
        session: &Arc<Session>,
        make: impl FnOnce(&mut Desk<'_>, Frame) -> Result<String> + Send + 'static,
    ) -> Result<Reply> {
        let session = Arc::clone(session);
        let html = self.node.with(move |desk| {
            let frame = Frame::new(desk, &session)?;
            make(desk, frame)
        });
        Ok(reply::page(StatusCode::OK, html.await?))
    }

    async fn act(&self, session: Arc<Session>, path: &str, mut request: Request<Incoming>) -> Result<Reply> {
        if path == "/photo" {
            let by_script = request.headers().get(ACCEPT).is_some_and(|kind| kind == "application/json");
            let upload = upload::take(request, &session, &self.uploads).await?;
            let (pressed, text) = (upload.pressed, upload.form.words("text"));
            let done = self.once(&session, pressed, text, move |desk| forms::write::photo(desk, &upload));
            let reply = done.await?;
            return if by_script { Ok(reply::see_by_script(reply)) } else { Ok(reply) };
        }
        let form = body::form(&mut request).await?;
        if !session.form.is(form.get("form")) {
            return Err(Error::new(Kind::NotAllowed, "the form is not from here"));
        }
        let work: fn(&mut Desk<'_>, &Form) -> Result<Done> = match path {
            "/leave" => return reply::cookie(pages::left(), &self.sessions.leave(&session)),
            "/sync" => {
                self.rounds.start();
                return reply::see("/waiting");
            }
            "/status" => forms::write::status,
            "/message" => forms::write::message,
            "/comment" => forms::write::comment,
            "/reaction" => forms::write::reaction,
            "/retract" => forms::write::retract,
            "/accept" => forms::people::accept,
            "/ignore" => forms::people::ignore,
            "/block" => forms::people::block,
            "/unblock" => forms::people::unblock,
            "/check" => forms::people::check,
            "/mute" => forms::people::mute,
            "/unmute" => forms::people::unmute,
            "/add" => forms::people::add,
            "/invite" => forms::people::invite,
            "/search-begin" => forms::searches::begin,
            "/search-end" => forms::searches::end,
            "/search-stop" => forms::searches::stop,
            _ => return Err(Error::new(Kind::Nothing, "there is nothing here")),
        };
        let text = match path {
            "/search-begin" => forms::searches::written(&form),
            _ => form.words("text").or_else(|| form.words("invitation")),
        };
        let pressed = Pressed::new(&(path, &form));
        self.once(&session, pressed, text, move |desk| work(desk, &form)).await
    }

    /// Does what a form asks for, unless it has just been done. Once begun it is done to its end, also when the browser goes:
    /// a second press takes the place of the first, whose connection it ends.
    async fn once(
        &self,
        session: &Arc<Session>,
        pressed: Pressed,
        text: Option<String>,
        work: impl FnOnce(&mut Desk<'_>) -> Result<Done> + Send + 'static,
    ) -> Result<Reply> {
        let mut last = Arc::clone(&session.last).lock_owned().await;
        if let Some(path) = last.led_to(pressed) {
            return reply::see(path);
        }
        let rounds = Arc::clone(&self.rounds);
        let done = self.node.with(move |desk| {
            let done = work(desk)?;
            if let forms::Next::See(path) = &done.next {
                last.note(pressed, path);
            }
            if done.sends {
                rounds.start();
            }
            Ok(done)
        });
        self.follow(session, done.await, text).await
    }

    /// Says what became of something. What was written is shown again when it could not be done.
    async fn follow(
        &self,
        session: &Arc<Session>,
        done: Result<Done>,
        text: Option<String>,
    ) -> Result<Reply> {
        match done {
            Ok(done) => {
                if let Some(words) = done.said {
                    session.say(words);
                }
                match done.next {
                    forms::Next::See(path) => reply::see(&path),
                    forms::Next::Invitation(shown) => {
                        self.page(session, move |_, frame| pages::people::invitation(frame, shown)).await
                    }
                }
            }
            Err(error) => {
                let status = reply::status(&error);
                let session = Arc::clone(session);
                let html = self.node.with(move |desk| {
                    pages::write::not_done(Frame::new(desk, &session)?, &error, text.as_deref())
                });
                Ok(reply::page(status, html.await?))
            }
        }
    }
}

fn refused(refusal: Refusal) -> Reply {
    match refusal {
        Refusal::OtherHost => pages::refusal(
            StatusCode::MISDIRECTED_REQUEST,
            "This is not the host that was asked for.",
            Some("Open the address that sn-web printed when it was started."),
        ),
        Refusal::OtherSite | Refusal::UnknownSite => pages::refusal(
            StatusCode::FORBIDDEN,
            "Another site asked for this.",
            Some("If it was you, start from here."),
        ),
    }
}
