//! One run of another program, a driver or a hook: what it is told, what it says, its silence, its end.
//!
//! One thread for each pipe, so that neither side ever waits for a pipe that the other does not read. The process is
//! reaped here and nowhere else, after its group was killed: until then its number, which is the group's, can't become
//! anybody else's.

use crate::{Error, Kind, Result, text};
use rustix::{
    io::Errno,
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid},
};
use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::{
        fs::PermissionsExt,
        process::{CommandExt, ExitStatusExt},
    },
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

/// Bytes of a line that are read, at most; one that a driver prints is no longer (socialnet-driver(7)).
pub const MAX_LINE: usize = 4096;
/// How long it is waited for the pipes of a killed group to end before they are given up.
const GRACE: Duration = Duration::from_secs(5);
/// Lines that pipes and buffers hold at the end of a program, at most. More come from somebody who has left its group.
const LEFT_IN_PIPES: usize = 1 << 17;
/// Lines of standard output that mean nothing, at most: then it is not the program it should be.
const MOST_NONSENSE: usize = 1000;

/// A program that is about to run.
pub(crate) struct Conversation<'a> {
    /// What it is called, for messages.
    pub name: &'a str,
    /// Its program, arguments and surroundings.
    pub command: Command,
    /// Job lines; `None` leaves standard input open and empty until the end.
    pub jobs: Option<Vec<u8>>,
    /// The longest silence.
    pub timeout: Option<Duration>,
    /// How long it may take, whatever it says.
    pub limit: Option<Duration>,
}

enum Event {
    /// A line of standard output; `None` was too long.
    Line(Option<Vec<u8>>),
    /// A line of standard error.
    Note(Vec<u8>),
    /// One of the two has ended.
    End,
    /// The program has ended.
    Exit,
}

impl Conversation<'_> {
    /// Runs it to its end. `heard` gets each line of standard output and says whether it meant something; its failure
    /// ends the program. `note` gets lines for people.
    pub fn run(
        mut self,
        heard: &mut dyn FnMut(&[u8]) -> Result<bool>,
        note: &mut dyn FnMut(&str),
    ) -> Result<()> {
        let aloud = std::env::var_os("SN_DEBUG").is_some_and(|value| value == "driver");
        let cannot_run = |error| Error::from(error).context(format!("cannot run {}", self.name));
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = self.command.spawn().map_err(cannot_run)?;
        let stdin = child.stdin.take();
        let jobs = self.jobs.take();
        if aloud {
            let lines = jobs.iter().flat_map(|jobs| jobs.trim_ascii_end().split(|byte| *byte == b'\n'));
            lines.filter(|line| !line.is_empty()).for_each(|line| note(&format!("> {}", plain(line))));
        }
        let (events, inbox) = sync_channel(64);
        listen(&mut child, events);
        // Held open for a driver without jobs: its end is the sign that nobody listens any more.
        let stdin = match jobs {
            Some(jobs) => {
                thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&jobs)));
                None
            }
            None => stdin,
        };
        let mut group = Group { child };
        let said = self.attend(&inbox, &mut group, aloud, heard, note);
        drop(stdin);
        let status = group.end();
        said?;
        self.judge(
            status.map_err(|error| Error::from(error).context(format!("cannot wait for {}", self.name)))?,
        )
    }

    fn attend(
        &self,
        inbox: &Receiver<Event>,
        group: &mut Group,
        aloud: bool,
        heard: &mut dyn FnMut(&[u8]) -> Result<bool>,
        note: &mut dyn FnMut(&str),
    ) -> Result<()> {
        let (mut pipes, mut running, mut nonsense) = (2, true, 0);
        // Once it is killed, how long to wait still, and for how many lines. The time that `heard` takes does not count:
        // what was printed before the end holds.
        let mut last: Option<(Duration, usize)> = None;
        let mut outcome = Ok(());
        let end = self.limit.map(|limit| Instant::now() + limit);
        while pipes > 0 || running {
            let begun = Instant::now();
            let left = last.map(|(wait, lines)| if lines == 0 { Duration::ZERO } else { wait });
            let event = match left.or(end.map(|end| end.saturating_duration_since(begun))).or(self.timeout) {
                Some(Duration::ZERO) => Err(RecvTimeoutError::Timeout),
                Some(wait) => inbox.recv_timeout(wait),
                None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let waited = begun.elapsed();
            last = last.map(|(wait, lines)| (wait.saturating_sub(waited), lines.saturating_sub(1)));
            match event {
                Ok(Event::Line(_)) if outcome.is_err() => {}
                Ok(Event::Line(line)) => {
                    let line = line.unwrap_or_default();
                    if aloud {
                        note(&format!("< {}", plain(&line)));
                    }
                    match heard(&line) {
                        Ok(true) => {}
                        Ok(false) if nonsense < MOST_NONSENSE => {
                            nonsense += 1;
                            note(&format!("{}: said what means nothing: {}", self.name, plain(&line)));
                        }
                        Ok(false) => {
                            let message = format!("{} says too much that means nothing", self.name);
                            outcome = Err(Error::new(Kind::Unavailable, message));
                            last = Some(group.kill());
                        }
                        Err(error) => {
                            outcome = Err(error);
                            last = Some(group.kill());
                        }
                    }
                }
                Ok(Event::Note(line)) => note(&self.named(&line)),
                Ok(Event::End) => pipes -= 1,
                Ok(Event::Exit) => {
                    running = false;
                    // What it left running keeps the pipes open.
                    last = Some(group.kill());
                }
                Err(_) if last.is_some() => break,
                Err(_) => {
                    let how = if end.is_some() { "took too long" } else { "said nothing for too long" };
                    outcome = Err(Error::new(Kind::Again, format!("{} {how}", self.name)));
                    last = Some(group.kill());
                }
            }
        }
        outcome
    }

    /// A line for people with the program's name in front, once: `sn-recv-imap` says its own also for `imaps`.
    fn named(&self, line: &[u8]) -> String {
        let line = plain(line);
        let own = [Some(self.name), self.name.strip_suffix('s')];
        let says = |name: &str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(": "));
        if own.into_iter().flatten().any(says) { line } else { format!("{}: {line}", self.name) }
    }

    /// socialnet-driver(7), EXIT STATUS.
    fn judge(&self, status: ExitStatus) -> Result<()> {
        let (kind, why) = match (status.code(), status.signal()) {
            (Some(0), _) => return Ok(()),
            (Some(74), _) => (Kind::Io, "could not read or write".to_owned()),
            (Some(75), _) => (Kind::Again, "could not do all of it now".to_owned()),
            (Some(77), _) => (Kind::NotAllowed, "was not let in".to_owned()),
            (Some(78), _) => (Kind::Config, "is not set up rightly".to_owned()),
            (Some(code), _) => (Kind::Unavailable, format!("ended with exit code {code}")),
            (None, signal) => {
                (Kind::Unavailable, format!("was killed by signal {}", signal.unwrap_or_default()))
            }
        };
        Err(Error::new(kind, format!("{} {why}", self.name)))
    }
}

fn plain(line: &[u8]) -> String {
    text::one_line(&String::from_utf8_lossy(line))
}

/// The program and all that it started.
struct Group {
    child: Child,
}

impl Group {
    /// Gives how long it is waited for its pipes then, and for how many lines.
    fn kill(&mut self) -> (Duration, usize) {
        if let Some(pid) = pid(&self.child) {
            // There may be nobody left in it.
            let _ = kill_process_group(pid, Signal::KILL);
        }
        (GRACE, LEFT_IN_PIPES)
    }

    fn end(mut self) -> std::io::Result<ExitStatus> {
        self.kill();
        self.child.wait()
    }
}

fn pid(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

/// Starts the threads that tell what the program says and when it ends. They end by themselves when it does.
fn listen(child: &mut Child, events: SyncSender<Event>) {
    if let Some(stdout) = child.stdout.take() {
        let events = events.clone();
        thread::spawn(move || {
            each_line(stdout, |line, whole| events.send(Event::Line(whole.then_some(line))).is_ok());
            events.send(Event::End)
        });
    }
    if let Some(stderr) = child.stderr.take() {
        let events = events.clone();
        thread::spawn(move || {
            each_line(stderr, |line, _| events.send(Event::Note(line)).is_ok());
            events.send(Event::End)
        });
    }
    let pid = pid(child);
    thread::spawn(move || {
        if let Some(pid) = pid {
            // NOWAIT: it is not reaped here.
            let until_exit = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while matches!(waitid(WaitId::Pid(pid), until_exit), Err(Errno::INTR)) {}
        }
        events.send(Event::Exit)
    });
}

/// Gives each line, without its line feed, and whether it is whole: of a longer one than [`MAX_LINE`] only the beginning
/// is kept. Ends when nobody wants more.
fn each_line(input: impl Read, mut give: impl FnMut(Vec<u8>, bool) -> bool) {
    let mut input = BufReader::new(input);
    loop {
        let mut line = Vec::new();
        match input.by_ref().take(MAX_LINE as u64).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let whole = line.pop_if(|last| *last == b'\n').is_some() || line.len() < MAX_LINE;
        if !whole && input.skip_until(b'\n').is_err() {
            return;
        }
        if !give(line, whole) {
            return;
        }
    }
}

/// Whether it is a file that somebody may run.
pub(crate) fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation(script: &str, timeout: Duration) -> Conversation<'static> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Conversation {
            name: "sn-send-fake",
            command,
            jobs: Some(Vec::new()),
            timeout: Some(timeout),
            limit: None,
        }
    }

    const PATIENT: Duration = Duration::from_secs(60);

    /// What it said, what it noted, how it ended.
    fn run(conversation: Conversation<'_>) -> (Vec<String>, Vec<String>, Result<()>) {
        let (mut said, mut noted) = (Vec::new(), Vec::new());
        let ended = conversation.run(
            &mut |line| {
                said.push(String::from_utf8_lossy(line).into_owned());
                Ok(true)
            },
            &mut |line| noted.push(line.to_owned()),
        );
        (said, noted, ended)
    }

    #[test]
    fn what_it_says_is_heard_and_what_it_notes_is_plain() {
        let (said, noted, ended) = run(conversation("echo sent; printf 'two\\033\\nlines' >&2", PATIENT));
        assert_eq!(said, ["sent"]);
        assert_eq!(noted, ["sn-send-fake: two␛", "sn-send-fake: lines"]);
        ended.unwrap();
    }

    #[test]
    fn a_name_stands_once_before_what_it_notes() {
        let mut tls =
            conversation("echo 'sn-send-fake: no' >&2; echo 'sn-send-fakes: no' >&2; echo no >&2", PATIENT);
        tls.name = "sn-send-fakes";
        assert_eq!(run(tls).1, ["sn-send-fake: no", "sn-send-fakes: no", "sn-send-fakes: no"]);
    }

    #[test]
    fn it_may_talk_before_it_listens() {
        let mut talkative = conversation("seq 20000; seq 20000 >&2; wc -c", PATIENT);
        talkative.jobs = Some("job\n".repeat(50_000).into_bytes());
        let (said, noted, ended) = run(talkative);
        assert_eq!((said.len(), noted.len()), (20_001, 20_000));
        assert_eq!(said[20_000].trim(), "200000");
        ended.unwrap();
    }

    #[test]
    fn what_it_printed_holds_however_long_each_line_takes() {
        let mut said = 0;
        let ended = conversation("seq 500", PATIENT).run(
            &mut |_| {
                said += 1;
                // Longer for all of them than anybody who talks on is listened to.
                thread::sleep(GRACE / 300);
                Ok(true)
            },
            &mut |_| {},
        );
        ended.unwrap();
        assert_eq!(said, 500);
    }

    #[test]
    fn one_that_hangs_is_ended_with_all_it_started() {
        let (_, _, ended) = run(conversation("sleep 1000 & sleep 1000", Duration::from_millis(50)));
        let error = ended.unwrap_err();
        assert_eq!((error.kind(), error.message()), (Kind::Again, "sn-send-fake said nothing for too long"));
    }

    #[test]
    fn one_that_talks_on_beyond_its_time_is_ended() {
        let mut talker = conversation("while sleep 0.01; do echo busy; done", PATIENT);
        // Time enough to say something, on whatever machine.
        (talker.timeout, talker.limit) = (None, Some(Duration::from_secs(3)));
        let (said, _, ended) = run(talker);
        assert!(!said.is_empty());
        assert_eq!(ended.unwrap_err().message(), "sn-send-fake took too long");
    }

    #[test]
    fn one_that_talks_nonsense_without_end_is_ended() {
        let mut heard = 0;
        let ended = conversation("exec yes nonsense", PATIENT).run(
            &mut |_| {
                heard += 1;
                Ok(false)
            },
            &mut |_| {},
        );
        let error = ended.unwrap_err();
        assert_eq!(error.message(), "sn-send-fake says too much that means nothing");
        assert_eq!((error.kind(), heard), (Kind::Unavailable, MOST_NONSENSE + 1));
    }

    #[test]
    fn who_left_its_group_and_talks_on_does_not_hold_us() {
        let script =
            "gone=$(setsid sh -c 'while sleep 0.1; do echo still here; done >&2 & echo gone'); echo $gone";
        let (said, noted, ended) = run(conversation(script, PATIENT));
        assert_eq!(said, ["gone"]);
        assert!(noted.iter().all(|line| line == "sn-send-fake: still here"), "{noted:?}");
        ended.unwrap();
    }

    #[test]
    fn what_it_leaves_running_does_not_hold_us() {
        let (said, _, ended) = run(conversation("sleep 1000 & echo sent", PATIENT));
        assert_eq!(said, ["sent"]);
        ended.unwrap();
    }

    #[test]
    fn without_jobs_its_input_stays_open() {
        let mut watching = conversation("read line || echo gone; echo", Duration::from_millis(50));
        watching.jobs = None;
        assert_eq!(run(watching).0, [""; 0]);
    }

    #[test]
    fn a_listener_that_has_enough_ends_it() {
        let mut lines = 0;
        let endless = conversation("yes", PATIENT);
        let ended = endless.run(
            &mut |_| {
                lines += 1;
                Err(Error::new(Kind::ClosedPipe, "enough"))
            },
            &mut |_| {},
        );
        assert_eq!((lines, ended.unwrap_err().kind()), (1, Kind::ClosedPipe));
    }

    #[test]
    fn an_endless_line_is_cut() {
        let script = "head -c 10000000 /dev/zero; echo; echo sent";
        let (said, _, ended) = run(conversation(script, PATIENT));
        assert_eq!(said, ["", "sent"]);
        ended.unwrap();
    }

    #[test]
    fn how_it_ends_is_what_it_means() {
        for (script, kind) in [
            ("exit 74", Kind::Io),
            ("exit 75", Kind::Again),
            ("exit 77", Kind::NotAllowed),
            ("exit 78", Kind::Config),
            ("exit 1", Kind::Unavailable),
            ("kill -TERM $$", Kind::Unavailable),
        ] {
            assert_eq!(run(conversation(script, PATIENT)).2.unwrap_err().kind(), kind, "{script}");
        }
    }
}
