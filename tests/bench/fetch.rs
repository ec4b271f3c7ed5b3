//! Fetching mail from a Dovecot on this machine, beside what others use for that.

use crate::{
    run::{Run, best, timed},
    table::{self, Goal},
    world::World,
};
use data_encoding::BASE64;
use socialnet::{Context, Error, Kind, Result};
use socialnet_mail::{Security, Settings, Stream, lines::line};
use std::{
    cell::Cell,
    fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const BY_IMAP: usize = 10_000;
const BY_POP3: usize = 1000;
/// Mails of which each is waited for.
const WATCHED: usize = 5;
const MEBIBYTE: u64 = 1 << 20;

/// The rows. `sender` and `reader` are contacts.
pub fn rows(world: &World, sender: &str, reader: &str) -> Result<()> {
    world.fill(sender, reader, BY_IMAP as u64, 1)?;
    let inpackets = world.inpackets(reader)?;
    let envelopes = inpackets.names("new")?.map(|name| Ok(fs::read(inpackets.path("new", &name?))?));
    let mails = envelopes.map(|envelope: Result<_>| Ok(mail(&envelope?))).collect::<Result<Vec<_>>>()?;
    let office = Office::open(world)?;
    office.fill("alice", &mails)?;
    office.fill("bob", &mails[..BY_POP3])?;

    table::section("10,000 sealed mails by IMAP with TLS, durably");
    let fetcher = || office.fetcher(&office.mailbox(world)?, "sn-recv-imap", "imaps", "alice");
    let fetching = best(2, || fetcher()?.once())?;
    let mbsync = office.mbsync(world)?.once()?;
    table::time("sn-recv-imap", fetching, "mbsync", mbsync, Goal::TimesFaster(3.0));
    let fetcher = fetcher()?;
    table::memory("sn-recv-imap", fetcher.peak(&world.file("peak"))?, 32 * MEBIBYTE);
    let login = timed(10, || office.log_in())?;
    table::time("nothing new", fetcher.best(10)?, "TLS handshake and login", login, Goal::AtMost(2.0));

    table::section("1000 sealed mails by POP3 with TLS");
    let fetching =
        best(2, || office.fetcher(&office.mailbox(world)?, "sn-recv-pop3", "pop3s", "bob")?.once())?;
    let fetchmail = office.fetchmail(world)?.once()?;
    table::time(
        "sn-recv-pop3, durably",
        fetching,
        "fetchmail to /dev/null",
        fetchmail,
        Goal::TimesFaster(5.0),
    );

    table::section("One mail, from LMTP to its packet in the mailbox");
    let idle = office.heard_by_idle(&mails[0])?;
    let watched = office.watched(world, &mails)?;
    let most = idle + Duration::from_millis(60);
    table::time("sn-recv-imap --watch", watched, "Dovecot's own IDLE", idle, Goal::None);
    table::limit("", watched, most);
    Ok(())
}

fn mail(envelope: &[u8]) -> Vec<u8> {
    let text = BASE64.encode(envelope);
    let lines: Vec<_> = text.as_bytes().chunks(76).map(String::from_utf8_lossy).collect();
    format!(
        "From: bob@example.org\r\nTo: alice@example.org\r\nSubject: packet\r\nMIME-Version: 1.0\r\n\
         Auto-Submitted: auto-generated\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n\
         A sealed packet is attached.\r\n--b\r\nContent-Type: application/pkcs7-mime; \
         smime-type=authEnveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
        lines.join("\r\n")
    )
    .into_bytes()
}

/// A Dovecot that ends with this.
struct Office {
    folder: PathBuf,
    authority: PathBuf,
    mailboxes: Cell<u32>,
}

impl Office {
    fn open(world: &World) -> Result<Self> {
        let (folder, ca) = (world.file("dovecot"), world.file("ca"));
        // It runs as somebody else.
        fs::set_permissions(world.file(""), fs::Permissions::from_mode(0o711))?;
        Run::new("tests/servers/ca.sh").word(ca.display().to_string()).once()?;
        let shown = |name: &str| ca.join(name).display().to_string();
        Run::new("tests/servers/dovecot.sh start")
            .word(folder.display().to_string())
            .word(shown("good.pem"))
            .word(shown("good.key"))
            .once()?;
        Ok(Self { folder, authority: ca.join("ca.pem"), mailboxes: Cell::new(0) })
    }

    fn port(&self, name: &str) -> Result<String> {
        let ports = fs::read_to_string(self.folder.join("ports"))?;
        let line = ports.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.map(str::to_owned).ok_or_else(|| Error::malformed(format!("Dovecot has no port {name}")))
    }

    /// Fills somebody's INBOX, and lets Dovecot index it.
    fn fill(&self, user: &str, mails: &[Vec<u8>]) -> Result<()> {
        let folder = self.folder.join(format!("mail/{user}/Maildir/cur"));
        for (number, mail) in mails.iter().enumerate() {
            let path = folder.join(format!("{number}.bench:2,"));
            fs::write(&path, mail)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
        }
        let index = ["index", "-u", user, "INBOX"];
        index.iter().fold(self.script("doveadm"), |run, word| run.word(*word)).once().map(drop)
    }

    fn script(&self, action: &str) -> Run {
        Run::new("tests/servers/dovecot.sh").word(action).word(self.folder.display().to_string())
    }

    /// An empty mailbox, with a folder `state` in it. Each time another one: ext4 takes its time to make files where as
    /// many were deleted in the last half minute.
    fn mailbox(&self, world: &World) -> Result<PathBuf> {
        self.mailboxes.set(self.mailboxes.get() + 1);
        let mailbox = world.file(&format!("mailbox{}", self.mailboxes.get()));
        for folder in ["state", "tmp", "new"] {
            fs::create_dir_all(mailbox.join(folder))?;
        }
        Ok(mailbox)
    }

    /// A receiving driver that knows nothing yet.
    fn fetcher(&self, mailbox: &Path, program: &str, scheme: &str, user: &str) -> Result<Run> {
        let port = self.port(&scheme.to_ascii_uppercase())?;
        Ok(Run::new(program)
            .word(format!("{scheme}://{user}@localhost:{port}"))
            .word(mailbox.display().to_string())
            .with("SN_STATE", mailbox.join("state"))
            .with("SN_CONF_CA_FILE", &self.authority)
            .with("SN_CONF_THEN", "keep")
            .with("SN_CONF_FOLDERS", "INBOX")
            .with("SN_CONF_PASSWORD_COMMAND", format!("echo {user}-password")))
    }

    fn mbsync(&self, world: &World) -> Result<Run> {
        let near = world.file("near");
        if near.exists() {
            fs::remove_dir_all(&near)?;
        }
        fs::create_dir(&near)?;
        let settings = format!(
            "IMAPAccount a\nHost localhost\nPort {}\nUser alice\nPass alice-password\nSSLType IMAPS\n\
             CertificateFile {}\n\nIMAPStore far\nAccount a\n\nMaildirStore near\nPath {near}/\nInbox {near}/inbox\n\n\
             Channel a\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Near\nSync Pull\nSyncState *\n",
            self.port("IMAPS")?,
            self.authority.display(),
            near = near.display(),
        );
        let settings = world.write("mbsyncrc", settings.as_bytes())?;
        Ok(Run::new("mbsync -q -c").word(settings.display().to_string()).word("a"))
    }

    fn fetchmail(&self, world: &World) -> Result<Run> {
        let settings = format!(
            "poll localhost protocol pop3 port {} user bob password bob-password ssl sslcertfile {} keep fetchall \
             mda \"cat >/dev/null\"\n",
            self.port("POP3S")?,
            self.authority.display(),
        );
        let settings = world.write("fetchmailrc", settings.as_bytes())?;
        fs::set_permissions(&settings, fs::Permissions::from_mode(0o600))?;
        Ok(Run::new("fetchmail --silent --fetchmailrc")
            .word(settings.display().to_string())
            .with("FETCHMAILHOME", world.file("")))
    }

    fn connect(&self, user: &str) -> Result<Stream> {
        let authority = self.authority.display().to_string();
        let settings = Settings::from([("ca-file", authority.as_str())]);
        let port = self.port("IMAPS")?.parse().map_err(|_| Error::malformed("no port"))?;
        let mut stream = Stream::connect(&settings.server("localhost", port, Security::Tls)?)?;
        line(&mut stream)?;
        stream.write_all(format!("1 LOGIN {user} {user}-password\r\n").as_bytes())?;
        answered(&mut stream, "1 OK")?;
        Ok(stream)
    }

    fn log_in(&self) -> Result<()> {
        let mut stream = self.connect("alice")?;
        stream.write_all(b"2 LOGOUT\r\n")?;
        answered(&mut stream, "2 OK")
    }

    fn deliver(&self, mail: &[u8]) -> Result<()> {
        let mut lmtp = UnixStream::connect(self.folder.join("lmtp"))?;
        let data: Vec<u8> = [mail, b".\r\nQUIT\r\n"].concat();
        for part in [b"LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<carol>\r\nDATA\r\n".as_slice(), &data] {
            lmtp.write_all(part)?;
        }
        Ok(lmtp.read_to_end(&mut Vec::new()).map(drop)?)
    }

    /// How long it takes until Dovecot tells of a mail.
    fn heard_by_idle(&self, mail: &[u8]) -> Result<Duration> {
        let mut stream = self.connect("carol")?;
        stream.write_all(b"2 SELECT INBOX\r\n")?;
        answered(&mut stream, "2 OK")?;
        best(WATCHED as u32, || {
            stream.write_all(b"3 IDLE\r\n")?;
            answered(&mut stream, "+")?;
            let start = Instant::now();
            self.deliver(mail)?;
            answered(&mut stream, "* ")?;
            let took = start.elapsed();
            stream.write_all(b"DONE\r\n")?;
            answered(&mut stream, "3 OK")?;
            Ok(took)
        })
    }

    /// How long it takes until a driver that watches has it in the mailbox.
    fn watched(&self, world: &World, mails: &[Vec<u8>]) -> Result<Duration> {
        let mailbox = self.mailbox(world)?;
        // What is there already is not waited for.
        self.fetcher(&mailbox, "sn-recv-imap", "imaps", "carol")?.once()?;
        let mut child = Command::new("sn-recv-imap")
            .arg("--watch")
            .arg(format!("imaps://carol@localhost:{}", self.port("IMAPS")?))
            .arg(&mailbox)
            .env("SN_STATE", mailbox.join("state"))
            .env("SN_CONF_CA_FILE", &self.authority)
            .env("SN_CONF_PASSWORD_COMMAND", "echo carol-password")
            .env("SN_CONF_FOLDERS", "INBOX")
            .env("SN_CONF_THEN", "keep")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context(|| "sn-recv-imap")?;
        let gone = || Error::new(Kind::Unavailable, "sn-recv-imap ended");
        let mut names = BufReader::new(child.stdout.take().ok_or_else(gone)?).lines();
        // The first one may come before it waits; what counts is the best of the rest.
        let mut shortest = Duration::MAX;
        for (number, mail) in mails.iter().take(WATCHED + 1).enumerate() {
            let start = Instant::now();
            self.deliver(mail)?;
            names.next().ok_or_else(gone)??;
            if number > 0 {
                shortest = shortest.min(start.elapsed());
            }
            std::thread::sleep(Duration::from_millis(300));
        }
        drop(child.stdin.take());
        child.wait()?;
        Ok(shortest)
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = self.script("stop").once();
    }
}

fn answered(stream: &mut Stream, beginning: &str) -> Result<()> {
    while !line(stream)?.starts_with(beginning) {}
    Ok(())
}
