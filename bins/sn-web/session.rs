//! Who was let in. The address that the owner gets opens the door once; whoever came through it has a cookie, and each form
//! that is shown to them a secret of its own, which no other site can know.

use data_encoding::HEXLOWER;
use openssl::memcmp;
use socialnet::{Result, seal};
use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Browsers that are let in at once; the one that came first goes when another comes.
const MOST: usize = 8;
/// How long the same form is taken for the same press of a button. Whoever says the same words later means them.
const AGAIN: Duration = Duration::from_secs(60);

/// 256 random bits, in hexadecimal.
pub struct Secret(String);

impl Secret {
    fn draw() -> Result<Self> {
        Ok(Self(HEXLOWER.encode(&seal::random::<32>()?)))
    }

    /// Whether it is what somebody shows, found out in a time that tells nothing.
    pub fn is(&self, shown: &str) -> bool {
        shown.len() == self.0.len() && memcmp::eq(shown.as_bytes(), self.0.as_bytes())
    }

    /// For the page or header that carries it, and nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// One browser.
pub struct Session {
    cookie: Secret,
    /// In every form.
    pub form: Secret,
    /// What is to be said on the next page.
    said: Mutex<Option<String>>,
    /// Held while a form is worked on, so that of two that come at once the second knows what became of the first.
    pub last: Arc<tokio::sync::Mutex<Last>>,
}

/// The form that was done last: when, and where it led.
#[derive(Default)]
pub struct Last(Option<(Pressed, Instant, String)>);

/// A digest by which two forms of one browser are told apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pressed(u64);

impl Pressed {
    /// The digest of all that a form says.
    pub fn new(form: &impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        form.hash(&mut hasher);
        Self(hasher.finish())
    }
}

impl Last {
    /// Where the very same form led a moment ago: pressed twice, or come back to and sent again, it is done once.
    pub fn led_to(&self, form: Pressed) -> Option<&str> {
        let (last, when, path) = self.0.as_ref()?;
        (*last == form && when.elapsed() < AGAIN).then_some(path)
    }

    /// Notes where a form led.
    pub fn note(&mut self, form: Pressed, path: &str) {
        self.0 = Some((form, Instant::now(), path.to_owned()));
    }
}

impl Session {
    /// Says something on the page that is shown next.
    pub fn say(&self, words: impl Into<String>) {
        *lock(&self.said) = Some(words.into());
    }

    /// What is to be said now, once.
    pub fn said(&self) -> Option<String> {
        lock(&self.said).take()
    }
}

/// The door, and who is in.
pub struct Sessions {
    /// Cookies know no ports (RFC 6265 section 8.5): another server of this machine must not be handed ours under a name
    /// that it uses itself, and two accounts are two names.
    name: String,
    door: Mutex<Option<Secret>>,
    inside: Mutex<VecDeque<Arc<Session>>>,
}

impl Sessions {
    /// For a server on this port; the door is shut.
    pub fn new(port: u16) -> Self {
        Self { name: format!("socialnet-{port}"), door: Mutex::default(), inside: Mutex::default() }
    }

    /// Opens the door for one. Gives the path that leads in; the one before leads nowhere any more.
    pub fn open_door(&self) -> Result<String> {
        let token = Secret::draw()?;
        let path = format!("/enter/{}", token.reveal());
        *lock(&self.door) = Some(token);
        Ok(path)
    }

    /// Lets somebody in who shows what the door was opened for. Gives the cookie to set.
    pub fn enter(&self, shown: &str) -> Result<Option<String>> {
        let mut door = lock(&self.door);
        if !door.as_ref().is_some_and(|token| token.is(shown)) {
            return Ok(None);
        }
        let session = Session {
            cookie: Secret::draw()?,
            form: Secret::draw()?,
            said: Mutex::default(),
            last: Arc::default(),
        };
        *door = None;
        let cookie = format!("{}={}; HttpOnly; SameSite=Strict; Path=/", self.name, session.cookie.reveal());
        let mut inside = lock(&self.inside);
        if inside.len() >= MOST {
            inside.pop_front();
        }
        inside.push_back(Arc::new(session));
        Ok(Some(cookie))
    }

    /// Who shows this `Cookie` header.
    pub fn who(&self, cookies: &str) -> Option<Arc<Session>> {
        let pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
        let shown = pairs.filter(|(name, _)| *name == self.name).map(|(_, value)| value);
        let inside = lock(&self.inside);
        // A cookie of that name may have come from somewhere else, too.
        shown.into_iter().find_map(|shown| inside.iter().find(|session| session.cookie.is(shown))).cloned()
    }

    /// Shows somebody out. Gives the cookie that takes the old one away.
    pub fn leave(&self, session: &Arc<Session>) -> String {
        lock(&self.inside).retain(|inside| !Arc::ptr_eq(inside, session));
        format!("{}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0", self.name)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(sessions: &Sessions) -> String {
        sessions.open_door().unwrap().strip_prefix("/enter/").unwrap().to_owned()
    }

    fn enter(sessions: &Sessions) -> String {
        let cookie = sessions.enter(&token(sessions)).unwrap().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    #[test]
    fn the_door_opens_once() {
        let sessions = Sessions::new(4000);
        assert_eq!(sessions.enter("").unwrap(), None);
        let token = token(&sessions);
        assert_eq!(sessions.enter(&token[1..]).unwrap(), None);
        assert_eq!(sessions.enter(&token.to_uppercase()).unwrap(), None);
        let cookie = sessions.enter(&token).unwrap().unwrap();
        assert!(cookie.starts_with("socialnet-4000="), "{cookie}");
        assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
        assert_eq!(sessions.enter(&token).unwrap(), None);
    }

    #[test]
    fn a_new_address_takes_the_place_of_the_old_one() {
        let sessions = Sessions::new(4000);
        let (old, new) = (token(&sessions), token(&sessions));
        assert_eq!(sessions.enter(&old).unwrap(), None);
        assert!(sessions.enter(&new).unwrap().is_some());
    }

    #[test]
    fn who_shows_the_cookie_is_inside_until_they_leave() {
        let sessions = Sessions::new(4000);
        let (one, other) = (enter(&sessions), enter(&sessions));
        let session = sessions.who(&format!("theme=dark; socialnet-4000=nonsense; {one}")).unwrap();
        assert!(!Arc::ptr_eq(&session, &sessions.who(&other).unwrap()));
        for wrong in
            ["", "socialnet-4000", "socialnet-4000=", &one.replace("4000", "4001"), &one[..one.len() - 1]]
        {
            assert!(sessions.who(wrong).is_none(), "{wrong}");
        }
        sessions.leave(&session);
        assert!(sessions.who(&one).is_none() && sessions.who(&other).is_some());
    }

    #[test]
    fn only_so_many_are_inside() {
        let sessions = Sessions::new(4000);
        let cookies: Vec<_> = (0..=MOST).map(|_| enter(&sessions)).collect();
        assert!(sessions.who(&cookies[0]).is_none());
        assert!(cookies[1..].iter().all(|cookie| sessions.who(cookie).is_some()));
    }

    #[test]
    fn the_same_form_is_known_again_until_another_comes() {
        let mut last = Last::default();
        let [one, other] = ["text=one", "text=other"].map(|form| Pressed::new(&form));
        assert_eq!(last.led_to(one), None);
        last.note(one, "/");
        assert_eq!((last.led_to(one), last.led_to(other)), (Some("/"), None));
        last.note(other, "/waiting");
        assert_eq!((last.led_to(one), last.led_to(other)), (None, Some("/waiting")));
    }

    #[test]
    fn what_is_said_is_said_once() {
        let sessions = Sessions::new(4000);
        let session = sessions.who(&enter(&sessions)).unwrap();
        session.say("bob will be asked");
        assert_eq!((session.said().as_deref(), session.said()), (Some("bob will be asked"), None));
    }
}
