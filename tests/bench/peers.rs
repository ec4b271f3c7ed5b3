//! What others need for a like task: gpg(1), age(1), openssl(1), notmuch(1).

use crate::{
    run::{Run, timed},
    world::World,
};
use socialnet::{Error, Kind, Result};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// A key ring of gpg's with two people in it.
pub struct Pgp {
    home: PathBuf,
}

impl Pgp {
    /// Makes their keys.
    pub fn new(world: &World) -> Result<Self> {
        // gpg-agent's socket lies in there, and its path must be short.
        let home = tempfile::Builder::new().prefix("gpg").tempdir()?.keep();
        let pgp = Self { home };
        for who in ["alice", "bob"] {
            pgp.gpg("--quick-gen-key").word(who).word("future-default").once()?;
        }
        // The agent starts once, not in the figure.
        pgp.seal().reads(world.write("nothing", b"nothing")?).once()?;
        Ok(pgp)
    }

    /// Signs and encrypts standard input.
    pub fn seal(&self) -> Run {
        self.gpg("--trust-model always -u alice -r bob --sign --encrypt")
    }

    /// Ends its agent and forgets the keys.
    pub fn end(self) -> Result<()> {
        Run::new("gpgconf --kill all").with("GNUPGHOME", &self.home).once()?;
        Ok(fs::remove_dir_all(&self.home)?)
    }

    fn gpg(&self, what: &str) -> Run {
        let mut run = Run::new("gpg --batch --quiet --pinentry-mode loopback --passphrase").word("");
        for word in what.split(' ') {
            run = run.word(word);
        }
        run.with("GNUPGHOME", &self.home)
    }
}

/// age's encryption of standard input for one reader.
pub fn age(world: &World) -> Result<Run> {
    let key = age_key(world)?;
    let recipient = world.file("age.pub");
    Run::new("age-keygen -y").word(key.display().to_string()).writes(&recipient).once()?;
    Ok(Run::new("age -R").word(recipient.display().to_string()))
}

/// age's decryption of standard input.
pub fn unage(world: &World) -> Result<Run> {
    Ok(Run::new("age -d -i").word(age_key(world)?.display().to_string()))
}

fn age_key(world: &World) -> Result<PathBuf> {
    let key = world.file("age.key");
    if !key.exists() {
        Run::new("age-keygen").writes(&key).once()?;
    }
    Ok(key)
}

/// openssl(1) signing and encrypting a file: two processes, the keys of `who`.
pub fn cms(world: &World, who: &str) -> Result<Duration> {
    let identity = world.file(who).join("identity");
    let reader = fs::read_dir(&identity)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.to_string_lossy().ends_with(".p256.crt"))
        .ok_or_else(|| Error::new(Kind::Unavailable, "no P-256 certificate in identity/"))?;
    let (text, signed) = (world.file("status.txt"), world.file("signed.der"));
    let sign = Run::new("openssl cms -sign -binary -nodetach -outform DER -signer")
        .word(identity.join("identity.crt").display().to_string())
        .word("-inkey")
        .word(identity.join("identity.key").display().to_string())
        .reads(text)
        .writes(&signed);
    let encrypt = Run::new("openssl cms -encrypt -binary -aes-256-gcm -outform DER -recip")
        .word(reader.display().to_string())
        .reads(signed);
    Ok(sign.best(10)? + encrypt.best(10)?)
}

/// A Maildir that notmuch(1) knows.
pub struct Mail {
    /// How long it took to take it in for the first time.
    pub took: Duration,
    /// Its settings, for NOTMUCH_CONFIG.
    pub settings: PathBuf,
}

/// notmuch(1) taking in so many plain messages for the first time, with the texts of as many statuses.
pub fn notmuch(world: &World, messages: u64, text: impl Fn(u64) -> String) -> Result<Mail> {
    let mail = world.file("mail");
    for folder in ["tmp", "new", "cur"] {
        fs::create_dir_all(mail.join(folder))?;
    }
    for number in 0..messages {
        fs::write(mail.join(format!("new/{number}.bench")), message(number, &text(number)))?;
    }
    let settings = world.write("notmuch", settings(&mail).as_bytes())?;
    let new = Run::new("notmuch new --quiet").with("NOTMUCH_CONFIG", &settings);
    Ok(Mail { took: timed(1, || new.once().map(|_| ()))?, settings })
}

fn message(number: u64, text: &str) -> String {
    format!(
        "From: Bob <bob@example.org>\r\nTo: Alice <alice@example.org>\r\nSubject: status {number}\r\n\
         Date: Sun, 22 Nov 2026 10:15:00 +0000\r\nMessage-ID: <{number}@example.org>\r\n\r\n{text}\r\n"
    )
}

fn settings(mail: &Path) -> String {
    format!("[database]\npath={}\n[user]\nname=Alice\nprimary_email=alice@example.org\n", mail.display())
}
