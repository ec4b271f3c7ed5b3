//! One job: the request, redirects, and what the answer means. socialnet-http(7), PUTTING.

use crate::lanes::{Fate, Job};
use socialnet::{
    Error,
    driver::{Cargo, JobLine, Report},
    file,
};
use socialnet_http::{self as http, Reach, Refused, Settings, settings};
use std::{
    net::IpAddr,
    path::Path,
    time::{Duration, Instant},
};
use ureq::{
    Agent, Body,
    http::{
        Response, Uri,
        header::{CONTENT_TYPE, LOCATION},
    },
};

/// Requests to one host at once.
const PER_HOST: usize = 48;
/// The most that may be set: more is rude.
const MOST_PER_HOST: usize = 64;
/// Redirects that are followed.
const MOST_REDIRECTS: usize = 3;
/// How long an address waits that leads into one's own network: another day it may lead elsewhere, as when somebody sat
/// behind the login page of a hotel.
const REFUSED_FOR: u64 = 3600;

/// The client, and the owner's settings.
pub struct Post {
    agent: Agent,
    reach: Reach,
    per_host: usize,
    patience: Duration,
}

/// How an attempt ended that brought no answer to judge.
enum Failed {
    Never(String),
    Later(u64, String),
    BrokeOff(String),
    Unreachable(String),
}

impl Post {
    pub fn new() -> socialnet::Result<Self> {
        let settings = Settings::read()?;
        let private = settings::text("ALLOW_PRIVATE")?.unwrap_or_default();
        let reach = Reach {
            private: private == "true",
            private_hosts: private
                .lines()
                .filter(|line| !matches!(*line, "true" | "false"))
                .map(str::to_owned)
                .collect(),
            plain: settings.allow_http,
        };
        let per_host = settings::number("CONNECTIONS", PER_HOST, MOST_PER_HOST)?;
        let agent = http::agent(&settings, reach.clone())?;
        Ok(Self { agent, reach, per_host, patience: settings.answer_timeout })
    }

    pub fn per_host(&self) -> usize {
        self.per_host
    }

    pub fn hand_over(&self, job: &Job) -> Fate {
        let home = match http::check(&job.line.address) {
            Ok(uri) => uri,
            Err(why) => return Fate::Job(Report::Never(why)),
        };
        let (begun, mut at) = (Instant::now(), home.clone());
        let fate = match self.follow(&job.line, &mut at) {
            Ok(mut answer) => judge(&mut answer, job.size),
            Err(Failed::Never(why)) => Fate::Job(Report::Never(why)),
            Err(Failed::Later(seconds, why)) => Fate::Job(Report::Later(seconds, why)),
            Err(Failed::BrokeOff(why)) => Fate::Unclear(Report::Later(0, why)),
            Err(Failed::Unreachable(why)) => Fate::Host(Report::Later(0, why)),
        };
        let fate = match fate {
            // Of where it was sent on to: others for this host may be sent elsewhere.
            Fate::Host(report) if at.authority() != home.authority() => Fate::Unclear(report),
            fate => fate,
        };
        match fate {
            // It took as long as silence, and each of the others may.
            Fate::Unclear(report) if begun.elapsed() >= self.patience => Fate::Host(report),
            fate => fate,
        }
    }

    /// Follows redirects; `uri` is the last that was asked.
    fn follow(&self, job: &JobLine, uri: &mut Uri) -> Result<Response<Body>, Failed> {
        for _ in 0..=MOST_REDIRECTS {
            self.refuse_literal(uri)?;
            let answer = http::send(|| self.post(job, uri)).map_err(|error| failed(&error))?;
            if !matches!(answer.status().as_u16(), 301 | 302 | 307 | 308) {
                return Ok(answer);
            }
            *uri = redirected(uri, &answer).map_err(Failed::Never)?;
        }
        Err(Failed::Never("redirected again and again".to_owned()))
    }

    /// A number in the address itself is the same tomorrow, unlike the answer of the DNS; but this machine may be elsewhere.
    fn refuse_literal(&self, uri: &Uri) -> Result<(), Failed> {
        let host = uri.host().unwrap_or_default();
        match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(ip) => self.reach.judge(uri, ip).map_err(|why| match why {
                Refused::Own(..) => Failed::Later(REFUSED_FOR, with_hint(&why)),
                why => Failed::Never(with_hint(&why)),
            }),
            Err(_) => Ok(()),
        }
    }

    fn post(&self, job: &JobLine, uri: &Uri) -> Result<Response<Body>, ureq::Error> {
        let kind = match job.cargo {
            Cargo::Envelope => "application/pkcs7-mime",
            Cargo::Blob => "application/octet-stream",
        };
        let file = file::open(Path::new(&job.file)).map_err(|error| ureq::Error::Other(Box::new(error)))?;
        self.agent.post(uri).header(CONTENT_TYPE, kind).send(&file)
    }
}

fn redirected(from: &Uri, answer: &Response<Body>) -> Result<Uri, String> {
    let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    let to = http::join(from, location.unwrap_or_default()).map_err(|why| format!("redirected: {why}"))?;
    if from.scheme_str() != Some("https") || to.scheme_str() != Some("https") {
        return Err(format!("redirected to '{to}', which is not from https to https"));
    }
    Ok(to)
}

fn failed(error: &ureq::Error) -> Failed {
    if let ureq::Error::Other(why) = error
        && let Some(refused) = why.downcast_ref()
    {
        return Failed::Later(REFUSED_FOR, with_hint(refused));
    }
    match error {
        ureq::Error::Other(why) if why.is::<Error>() => Failed::Later(0, why.to_string()),
        error if http::broke_off(error) => Failed::BrokeOff(http::failure(error)),
        error => Failed::Unreachable(http::failure(error)),
    }
}

/// Names the setting with which it would not have been refused.
fn with_hint(why: &Refused) -> String {
    match why {
        Refused::Private(..) | Refused::Own(..) => {
            format!("{why}; if that is right, allow-private lets this host lead there")
        }
        Refused::Plain(_) => format!("{why}, unless allow-http is set"),
    }
}

/// What an answer means. A host that asks to wait, asks for all that is on its way.
fn judge(answer: &mut Response<Body>, size: u64) -> Fate {
    let (status, wait) = (answer.status().as_u16(), http::retry_after(answer));
    let most =
        answer.headers().get("socialnet-max-bytes").and_then(|value| value.to_str().ok()?.parse().ok());
    let words = http::words(answer);
    match status {
        200..300 => Fate::Job(Report::Sent),
        413 => Fate::Job(Report::TooBig(most.filter(|most| *most < size).unwrap_or(size.saturating_sub(1)))),
        429 | 503 => Fate::Host(Report::Later(wait, words)),
        408 | 425 | 500.. => Fate::Job(Report::Later(wait, words)),
        _ => Fate::Job(Report::Never(words)),
    }
}
