//! Meeting: invitation, request, waiting room, accept, bye.
//!
//! ```text
//! alice                                   bob
//!  invite ──── by any way ───────────────▶ add            alice: asked
//!  bob: friend, invited ◀─ contact-request
//!                contact-accept ─────────▶ alice: friend, invited
//!                          ◀──────── profile
//! ```
//!
//! Without a code the request waits: `waiting` until `accept` or `block`. Every packet may come twice: a request from a
//! friend is answered again, an accept from a friend is only a profile.

use super::{
    change, own,
    profile::{self, For},
    search::answer,
    searchable,
    succession::{self, Claim},
};
use crate::{
    Context, Error, Fingerprint, Kind, Result, blob,
    envelope::Stream,
    identity::{Keyring, Purpose, ReaderKeys, point},
    packet::{Body, Opened},
    profile::{Invitation, KeyOffer, Profile},
    seal,
    short::{self, Short},
    store::{
        Store,
        contacts::{self, Contact, Grade, New, State},
        counters,
        due::{self, Debt, DebtName},
        former, invitations, requests,
    },
    stream::{Pem, PemItems},
};
use jiff::{SignedDuration, Timestamp, Unit};
use rusqlite::Transaction;
use std::io::{BufRead, Read};

/// Days that an invitation holds, at most.
pub const MAX_DAYS: u32 = Invitation::MAX_DAYS;
/// Bytes of a short invitation, at most: 16 addresses, every character in percent-coding.
const MAX_SHORT: u64 = 32 << 10;
/// People in the waiting room, at most; whoever comes then is not answered, and may ask again.
pub const WAITING_ROOM: u32 = 100;

/// How an invitation is given.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// What its first user is to be called here.
    pub petname: Option<&'a str>,
    /// How long it holds: 1 to [`MAX_DAYS`].
    pub days: u32,
    /// Handed over face to face: whoever uses it is checked.
    pub in_person: bool,
}

/// Makes an invitation.
pub fn invite(store: &mut Store, keyring: &Keyring, terms: &Terms<'_>, now: Timestamp) -> Result<Pem> {
    let created = now.round(Unit::Second).unwrap_or(now);
    let (code, expires) = give(store, terms, created)?;
    let profile = profile::own(store.read(), keyring, For::Public)?;
    let invitation = Invitation { from: keyring.identity.fingerprint, created, expires, code, profile };
    let signed = seal::sign(&keyring.identity, &invitation.write()?)?;
    let headers = vec![
        ("SocialNet-Invitation".to_owned(), format!("from {}", invitation.profile.name)),
        ("Until".to_owned(), expires.to_string()),
    ];
    Ok(Pem { headers, label: seal::LABEL.to_owned(), der: signed })
}

/// Makes one that fits in a line.
pub fn invite_short(
    store: &mut Store,
    keyring: &Keyring,
    terms: &Terms<'_>,
    now: Timestamp,
) -> Result<Short> {
    let (code, _) = give(store, terms, now)?;
    let profile = profile::own(store.read(), keyring, For::Public)?;
    let point = point::of(&profile.meeting)?;
    Ok(Short { from: keyring.identity.fingerprint, addresses: profile.addresses, code, point })
}

/// A new code, remembered, and its end.
fn give(store: &mut Store, terms: &Terms<'_>, now: Timestamp) -> Result<([u8; 16], Timestamp)> {
    let Terms { petname, days, in_person } = *terms;
    if days == 0 || days > MAX_DAYS {
        return Err(Error::new(Kind::Usage, format!("an invitation holds for 1 to {MAX_DAYS} days")));
    }
    petname.map_or(Ok(()), contacts::check_petname)?;
    let code = seal::random()?;
    let expires = now + SignedDuration::from_hours(24 * i64::from(days));
    let db = store.begin()?;
    invitations::give(&db, &blob::sha256(&code), expires, petname.unwrap_or(""), in_person, now)?;
    db.commit()?;
    Ok((code, expires))
}

/// An introduction that somebody else signed: an invitation, or a public profile without a code.
pub struct Introduction {
    /// Who.
    pub from: Fingerprint,
    /// Their identity certificate, DER; empty when it came in the short form.
    pub certificate: Vec<u8>,
    /// Their public profile.
    pub profile: Profile,
    /// The one-time code.
    pub code: Option<[u8; 16]>,
    /// What shows that the bottle of a search was opened.
    pub opened: Option<Opened>,
    /// When the code ends, if they say so.
    pub expires: Option<Timestamp>,
    /// What they say to it, or empty.
    pub note: String,
}

impl Introduction {
    /// Refuses somebody else than this fingerprint names, however it is grouped: what came from an untrusted place is
    /// worth something only if it hashes to what is known from a trusted one.
    pub fn check_is(&self, spoken: &str) -> Result<()> {
        if fingerprint_of(spoken)? == self.from {
            return Ok(());
        }
        Err(Error::new(Kind::NotAllowed, format!("it is from somebody else: {}", self.from)))
    }
}

/// A fingerprint as people read and write it.
fn fingerprint_of(spoken: &str) -> Result<Fingerprint> {
    let plain: String = spoken.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    plain.parse().map_err(|error: Error| error.of_kind(Kind::Usage))
}

/// Reads what `sn-contact invite` or `sn-profile export` printed, from wherever it was pasted.
pub fn read_introduction(mut input: impl BufRead, now: Timestamp) -> Result<Introduction> {
    let mut start = Vec::new();
    input.by_ref().take(MAX_SHORT).read_to_end(&mut start)?;
    if start.trim_ascii_start().starts_with(short::SCHEME.as_bytes()) {
        let text = str::from_utf8(&start).map_err(|_| Error::malformed("a short invitation is ASCII"))?;
        return from_short(&text.trim_ascii().parse()?, now);
    }
    let mut blocks = PemItems::new(start.chain(input), seal::MAX_BYTES);
    let pem = blocks.next().transpose()?.filter(|pem| pem.label == seal::LABEL);
    let pem = pem.ok_or_else(|| {
        Error::malformed("no invitation in it")
            .hint("one is a PEM block, or a text that begins with 'socialnet:'")
    })?;
    if blocks.next().is_some() {
        return Err(Error::malformed("more than one invitation in it").hint("add them one at a time"));
    }
    introduction(&pem.der)
}

/// What a short invitation says of its author: enough to write to them, and nothing that they signed.
pub fn from_short(short: &Short, now: Timestamp) -> Result<Introduction> {
    let mut them = unknown(short.from);
    them.profile.addresses.clone_from(&short.addresses);
    them.profile.meeting = point::stand_in(&short.point, now)?;
    them.code = Some(short.code);
    Ok(them)
}

/// Nothing but a fingerprint.
pub(super) fn unknown(from: Fingerprint) -> Introduction {
    let meeting = KeyOffer { p256: Vec::new(), ml_kem_768: None };
    let profile = Profile {
        name: String::new(),
        serial: 0,
        recovery: None,
        about: None,
        addresses: Vec::new(),
        meeting,
        sealing: None,
    };
    Introduction {
        from,
        certificate: Vec::new(),
        profile,
        code: None,
        opened: None,
        expires: None,
        note: String::new(),
    }
}

/// Reads an invitation or a public profile, and checks who signed it.
pub fn introduction(signed: &[u8]) -> Result<Introduction> {
    let author = seal::verify(signed)?;
    let (from, profile, code, expires) = match Invitation::read(&author.content) {
        Ok(it) => (it.from, it.profile, Some(it.code), Some(it.expires)),
        Err(not_an_invitation) => match super::open::verify(signed.to_vec()) {
            Ok(verified) => match verified.packet.body {
                Body::Profile { profile, .. } => (verified.packet.name.from, profile, None, None),
                _ => return Err(Error::malformed("neither an invitation nor a profile")),
            },
            Err(_) => return Err(not_an_invitation),
        },
    };
    if from != author.signer {
        return Err(Error::malformed("the invitation names somebody who did not sign it"));
    }
    let certificate = author.certificate;
    Ok(Introduction { from, certificate, profile, code, opened: None, expires, note: String::new() })
}

/// `sn-contact add`: remembers whom we ask, and owes them a request. Gives the contact.
pub fn add(
    store: &mut Store,
    keyring: &Keyring,
    them: &Introduction,
    petname: Option<&str>,
    now: Timestamp,
) -> Result<Contact> {
    let me = keyring.identity.fingerprint;
    if them.from == me {
        return Err(Error::new(Kind::Usage, "this is your own invitation").hint("it is for a friend to add"));
    }
    if them.expires.is_some_and(|expires| expires < now) {
        return Err(Error::new(Kind::NotAllowed, "the invitation has ended").hint("ask for a new one"));
    }
    // Of the short form there is no more to check; and what goes under its key, without ML-KEM, is for anybody to know.
    let short = them.certificate.is_empty();
    if !short {
        profile::check_keys(&them.profile, &them.certificate, now)?;
    }
    let profile = profile::own(store.read(), keyring, if short { For::Public } else { For::Contacts })?;
    let successions = former::own(store.read())?;
    let body = Body::ContactRequest { profile, code: them.code, successions, opened: them.opened };
    let request = own::packet_with(me, body, now, |packet| {
        packet.text = Some(them.note.clone()).filter(|note| !note.is_empty());
    })?;

    let db = store.begin()?;
    let known = contacts::by_fingerprint(&db, them.from)?;
    match known.as_ref().map(|contact| contact.state) {
        // Perhaps they hold us as gone: what ended it may have been lost, or a backup. They answer as it stands with them.
        Some(State::Friend) => {
            if petname.is_some_and(|petname| known.as_ref().is_none_or(|known| known.petname != petname)) {
                return Err(Error::new(Kind::Usage, "you are contacts already, by another name"));
            }
        }
        Some(_) => {
            update(&db, them, now)?;
            contacts::set_state(&db, them.from, State::Asked)?;
            if let Some(petname) = petname {
                contacts::rename(&db, them.from, petname)?;
            }
        }
        None => {
            let petname = new_petname(&db, petname, &them.profile)?;
            contacts::insert(&db, &somebody(them, &petname, State::Asked, now))?;
        }
    }
    if them.code.is_some() {
        contacts::raise_grade(&db, them.from, Grade::Invited)?;
    }
    due::forget_named(&db, them.from, DebtName::Bye)?;
    due::owe(&db, them.from, &Debt::Packet(DebtName::Request, request), now)?;
    db.commit()?;
    contacts::by_fingerprint(store.read(), them.from)?
        .ok_or_else(|| Error::new(Kind::Io, "the contact is not there"))
}

// Somebody known may be reached in another way by now; of a stranger who was blocked there is only the fingerprint.
fn update(db: &Transaction<'_>, them: &Introduction, now: Timestamp) -> Result<()> {
    contacts::set_certificate(db, them.from, &them.certificate)?;
    match contacts::by_fingerprint(db, them.from)? {
        // Whatever was handed over last counts: nothing before it was signed either.
        Some(known) if known.certificate.is_empty() => contacts::set_profile(db, them.from, &them.profile),
        Some(_) if them.certificate.is_empty() => Ok(()),
        _ => profile::receive(db, them.from, &them.profile, false, now),
    }
}

pub(super) fn somebody<'a>(
    them: &'a Introduction,
    petname: &'a str,
    state: State,
    since: Timestamp,
) -> New<'a> {
    New {
        fingerprint: them.from,
        petname,
        state,
        grade: Grade::None,
        profile: &them.profile,
        certificate: &them.certificate,
        since,
    }
}

fn new_petname(db: &Transaction<'_>, wanted: Option<&str>, profile: &Profile) -> Result<String> {
    let Some(wanted) = wanted else { return contacts::free_petname(db, &profile.name) };
    contacts::check_petname(wanted)?;
    if contacts::by_petname(db, wanted)?.is_some() {
        return Err(Error::new(Kind::Usage, format!("'{wanted}' is somebody else already")));
    }
    Ok(wanted.to_owned())
}

/// `sn-contact accept`: somebody in the waiting room becomes a friend.
pub fn accept(store: &mut Store, who: &Contact, now: Timestamp) -> Result<()> {
    if who.state != State::Waiting {
        return Err(Error::new(
            Kind::Usage,
            format!("{} did not ask: their state is {}", who.petname, who.state.as_str()),
        ));
    }
    let db = store.begin()?;
    befriend(&db, who.fingerprint, now)?;
    due::owe(&db, who.fingerprint, &Debt::Accept, now)?;
    Ok(db.commit()?)
}

/// `sn-contact check`: what somebody read aloud, in any grouping, is their fingerprint: from now on the key is theirs
/// for sure, and what alarmed is settled.
pub fn check(store: &mut Store, who: &Contact, spoken: &str) -> Result<()> {
    if fingerprint_of(spoken)? != who.fingerprint {
        return Err(Error::new(
            Kind::NotAllowed,
            format!("that is not the fingerprint known of {}", who.petname),
        )
        .hint("compare once more; if it still differs, somebody stands between you"));
    }
    let db = store.begin()?;
    contacts::raise_grade(&db, who.fingerprint, Grade::Checked)?;
    contacts::settle_alarm(&db, who.fingerprint)?;
    Ok(db.commit()?)
}

/// `sn-contact remove`: says goodbye and forgets what was owed.
pub fn remove(store: &mut Store, keyring: &Keyring, who: &Contact, now: Timestamp) -> Result<()> {
    let bye = own::packet(keyring.identity.fingerprint, Body::ContactBye, now)?;
    let db = store.begin()?;
    due::forget(&db, who.fingerprint)?;
    // Newer keys can't be asked for: from somebody who is gone they are not taken.
    let sealing = who.profile.sealing.as_ref();
    let opens = sealing.is_some_and(|offer| ReaderKeys::usable(offer, Purpose::Sealing, now));
    if who.state == State::Friend && opens {
        due::owe(&db, who.fingerprint, &Debt::Packet(DebtName::Bye, bye), now)?;
    }
    contacts::set_state(&db, who.fingerprint, State::Gone)?;
    Ok(db.commit()?)
}

/// `sn-contact ignore`: forgets somebody who waits. They are not told, and may ask again.
pub fn ignore(store: &mut Store, who: &Contact) -> Result<()> {
    if !matches!(who.state, State::Waiting | State::Introduced) {
        let message = format!("{} does not wait: their state is {}", who.petname, who.state.as_str());
        return Err(Error::new(Kind::Usage, message));
    }
    let db = store.begin()?;
    requests::forget(&db, who.fingerprint)?;
    Ok(db.commit()?)
}

fn befriend(db: &Transaction<'_>, who: Fingerprint, now: Timestamp) -> Result<()> {
    contacts::set_state(db, who, State::Friend)?;
    // A goodbye that has not left would end what begins now.
    due::forget_named(db, who, DebtName::Bye)?;
    // They may introduce us, and be asked for us.
    due::owe(db, who, &Debt::Public, now)?;
    searchable::tell_new_friend(db, who, now)?;
    change::tell_again(db, who, now)?;
    // A new friend should see at once that what they sent came.
    due::owe(db, who, &Debt::Received, now)
}

/// A `contact-request` came.
pub(super) fn request(
    db: &Transaction<'_>,
    them: &Introduction,
    successions: &[Vec<u8>],
    now: Timestamp,
) -> Result<()> {
    profile::check_keys(&them.profile, &them.certificate, now)?;
    let from = them.from;
    let claim = succession::follow(db, from, successions, now)?;
    if claim == Claim::Moved {
        contacts::set_certificate(db, from, &them.certificate)?;
        // Of whoever is not heard, too: what is for them some day must not go under keys that they have left.
        profile::receive(db, from, &them.profile, false, now)?;
    }
    asked(db, them, now)?;
    match claim {
        Claim::Unproven(who) => succession::alarm(db, from, who),
        Claim::Nothing | Claim::Moved | Claim::PassedOver => Ok(()),
    }
}

fn asked(db: &Transaction<'_>, them: &Introduction, now: Timestamp) -> Result<()> {
    let from = them.from;
    let known = contacts::by_fingerprint(db, from)?;
    let state = known.as_ref().map(|contact| contact.state);
    let digest = them.code.map(|code| blob::sha256(&code));
    let given = digest.map(|digest| invitations::get(db, &digest)).transpose()?.flatten();
    // Whoever is no friend any more must not come back by the code they once came with, however often they ask.
    let may_use_again = |user| user == from && state == Some(State::Friend);
    let holds =
        given.as_ref().is_some_and(|given| given.expires >= now && given.used_by.is_none_or(may_use_again));
    if state == Some(State::Blocked) {
        return Ok(());
    }
    let answer = them.opened.map(|shown| answer::check(db, from, &shown, now)).transpose()?.flatten();
    if known.is_none() {
        // Only a code that holds, and who was searched for, goes past the waiting room's quota.
        if !holds && answer.is_none() && requests::waiting(db)? >= WAITING_ROOM {
            return Ok(());
        }
        let wanted =
            given.as_ref().map(|given| given.petname.as_str()).filter(|petname| holds && !petname.is_empty());
        let free = |petname: &&str| contacts::by_petname(db, petname).is_ok_and(|other| other.is_none());
        let petname = new_petname(db, wanted.filter(free), &them.profile)?;
        contacts::insert(db, &somebody(them, &petname, State::Waiting, now)).context(|| "the request")?;
    } else {
        profile::receive(db, from, &them.profile, false, now)?;
    }
    if state != Some(State::Friend) {
        requests::asked(db, from, &them.note, digest.as_ref())?;
    }
    if let Some(answer) = answer {
        answer.note(db, from)?;
    }
    if let (Some(given), Some(digest)) = (given, digest) {
        match given.used_by {
            Some(user) if user != from => {
                if given.in_person {
                    contacts::lower_grade(db, user, Grade::Invited)?;
                    invitations::not_in_person(db, &digest)?;
                }
                alarm(db, user, from)?;
            }
            _ if holds => {
                invitations::used(db, &digest, from)?;
                let grade = if given.in_person { Grade::Checked } else { Grade::Invited };
                contacts::raise_grade(db, from, grade)?;
            }
            _ => {}
        }
    }
    match state {
        // They may have lost our answer, and what they carried for us.
        Some(State::Friend) => {
            searchable::tell_new_friend(db, from, now)?;
            due::owe(db, from, &Debt::Accept, now)
        }
        // Each asked the other: both agree.
        Some(State::Asked) => {
            befriend(db, from, now)?;
            due::owe(db, from, &Debt::Accept, now)
        }
        _ if holds => {
            befriend(db, from, now)?;
            due::owe(db, from, &Debt::Accept, now)
        }
        _ => contacts::set_state(db, from, State::Waiting),
    }
}

fn alarm(db: &Transaction<'_>, first: Fingerprint, second: Fingerprint) -> Result<()> {
    let words = "their invitation's code was used by two people: compare fingerprints";
    contacts::add_alarm(db, first, words, &[words])?;
    contacts::add_alarm(db, second, words, &[words])
}

/// A `contact-accept` came: it counts only from somebody we asked.
pub(super) fn accepted(
    db: &Transaction<'_>,
    from: Fingerprint,
    profile: &Profile,
    now: Timestamp,
) -> Result<()> {
    let Some(contact) = contacts::by_fingerprint(db, from)? else { return Ok(()) };
    if !matches!(contact.state, State::Asked | State::Friend) {
        return Ok(());
    }
    profile::receive(db, from, profile, false, now)?;
    match contact.state {
        State::Asked => befriend(db, from, now),
        // They may have begun anew, with nothing of ours.
        _ => searchable::tell_new_friend(db, from, now),
    }
}

/// A `contact-bye` came, in an envelope with this counter. From the waiting room it changes nothing: whoever could leave it,
/// known for ever, would make room there for the next stranger. Nor does one that is late, and has been thought better of.
pub(super) fn bye(db: &Transaction<'_>, from: Fingerprint, stream: &Stream, counter: u64) -> Result<()> {
    if counters::met_after(db, from, stream, counter)? {
        return Ok(());
    }
    // A key that they have left ends nothing.
    let known = contacts::by_fingerprint(db, from)?.filter(|known| known.fingerprint == from);
    if !known.is_some_and(|known| matches!(known.state, State::Asked | State::Friend)) {
        return Ok(());
    }
    due::forget(db, from)?;
    contacts::set_state(db, from, State::Gone)
}
