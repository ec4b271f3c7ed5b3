//! config.toml: what it may say, and what holds where it says nothing.

use crate::{Error, Kind, Result, address, envelope::GIVE_UP};
use jiff::{Span, SpanRelativeTo};
use serde::{Deserialize, Deserializer, de};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};
use toml::Value;

/// Settings of one driver: they reach it as `SN_CONF_*`.
pub type Table = BTreeMap<String, Value>;

/// config.toml.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `[send.SCHEME]`: drivers that may be run, with their settings.
    pub send: BTreeMap<String, Table>,
    /// `[[receive]]`: places to fetch from, each with `source = 'URI'`.
    pub receive: Vec<Table>,
    /// `[retry]`.
    pub retry: Retry,
    /// `[due]`.
    pub due: DueLaw,
    /// `[search]`.
    pub search: SearchLaw,
    /// `[feed]`.
    pub feed: Feed,
    /// `[blobs]`.
    pub blobs: Blobs,
    /// `[hooks]`.
    pub hooks: Hooks,
}

/// When a delivery that failed for now is tried again.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Retry {
    /// After the first failure.
    #[serde(deserialize_with = "duration")]
    pub first: Duration,
    /// The wait doubles up to this.
    #[serde(deserialize_with = "duration")]
    pub longest: Duration,
    /// An address that has put it off for so long gives way to the next one.
    #[serde(deserialize_with = "duration")]
    pub next_address: Duration,
    /// After this it has failed.
    #[serde(deserialize_with = "duration")]
    pub give_up: Duration,
}

/// What the feed shows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Feed {
    /// Words and phrases: what has one of them is not shown.
    pub hide: Vec<String>,
}

/// What `blobs/` may hold of others' files.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Blobs {
    /// Bytes of chunks that others sent.
    #[serde(deserialize_with = "size")]
    pub quota: u64,
}

impl Default for Blobs {
    fn default() -> Self {
        Self { quota: 16 << 30 }
    }
}

/// Programs that hear of packets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hooks {
    /// How long one may take for a packet; then it is killed.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
}

impl Default for Hooks {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(30) }
    }
}

/// How long what the node owes may wait for company.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DueLaw {
    /// Relays of comments.
    #[serde(deserialize_with = "duration")]
    pub relay: Duration,
    /// Confirmations.
    #[serde(deserialize_with = "duration")]
    pub confirm: Duration,
    /// How long `sn-send` may take to take what was sealed; then it is owed again.
    #[serde(deserialize_with = "duration")]
    pub again: Duration,
}

/// The packets that others' searches cause.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SearchLaw {
    /// Not before.
    #[serde(deserialize_with = "duration")]
    pub after: Duration,
    /// Not later.
    #[serde(deserialize_with = "duration")]
    pub within: Duration,
    /// To how many contacts a search is passed on, if it may be passed on.
    pub pass_on: u8,
}

impl Default for SearchLaw {
    fn default() -> Self {
        Self { after: minutes(60), within: minutes(24 * 60), pass_on: 4 }
    }
}

/// With this many, and one packet in 16 that goes on again, each search still ends.
const MOST_PASSED_ON: u8 = 8;
/// A search may be two days on its way to whoever is two contacts away, and holds for 30.
const LONGEST_SEARCH: Duration = Duration::from_secs(7 * 24 * 3600);

impl Default for Retry {
    fn default() -> Self {
        Self {
            first: minutes(5),
            longest: minutes(24 * 60),
            next_address: minutes(4 * 60),
            give_up: minutes(5 * 24 * 60),
        }
    }
}

impl Default for DueLaw {
    fn default() -> Self {
        Self { relay: minutes(10), confirm: minutes(24 * 60), again: minutes(10) }
    }
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

fn duration<'de, D: Deserializer<'de>>(input: D) -> std::result::Result<Duration, D::Error> {
    parse_duration(&String::deserialize(input)?).map_err(de::Error::custom)
}

fn size<'de, D: Deserializer<'de>>(input: D) -> std::result::Result<u64, D::Error> {
    parse_size(&String::deserialize(input)?).map_err(de::Error::custom)
}

/// `500MiB`, `16 GiB`, `2TiB`: powers of 1024.
fn parse_size(text: &str) -> Result<u64> {
    let unit = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)]
        .iter()
        .find_map(|(unit, shift)| Some((text.strip_suffix(unit)?.trim_end(), 1_u64 << shift)));
    let size = unit.and_then(|(number, unit)| number.parse::<u64>().ok()?.checked_mul(unit));
    size.ok_or_else(|| {
        Error::new(Kind::Config, format!("'{text}' is not a size such as '500 MiB' or '16GiB'"))
    })
}

/// `5m`, `1d 12h`: a day is 24 hours here. Longer units than weeks have no fixed length and are refused.
pub fn parse_duration(text: &str) -> Result<Duration> {
    let span: Option<Span> = text.parse().ok();
    let fixed = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    fixed.and_then(|fixed| Duration::try_from(fixed).ok()).ok_or_else(|| {
        Error::new(Kind::Config, format!("'{text}' is not a duration such as '5m' or '1d 12h'"))
    })
}

impl Config {
    /// Reads the text of the file at `path`.
    pub(crate) fn read(text: &str, path: &Path) -> Result<Self> {
        let wrong = |message: String| Error::new(Kind::Config, format!("'{}' {message}", path.display()));
        let config: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            wrong(format!("line {}: {}", before.matches('\n').count() + 1, error.message()))
        })?;
        config.check().map_err(wrong)?;
        Ok(config)
    }

    fn check(&self) -> std::result::Result<(), String> {
        for (scheme, table) in &self.send {
            if !address::is_scheme(scheme) {
                return Err(format!("[send.{scheme}]: a scheme is 1 to 16 of a-z and 0-9, a letter first"));
            }
            check_settings(table).map_err(|error| format!("[send.{scheme}]: {error}"))?;
        }
        for (at, table) in self.receive.iter().enumerate() {
            let said = |error: String| format!("[[receive]] number {}: {error}", at + 1);
            let source = table.get("source").and_then(Value::as_str);
            if source.is_none_or(|source| address::scheme(source).is_none()) {
                return Err(said("needs source = 'SCHEME:…'".to_owned()));
            }
            check_settings(table).map_err(said)?;
        }
        if self.retry.first < Duration::from_secs(1) || self.retry.longest < self.retry.first {
            return Err("[retry]: first must be a second or more, and no more than longest".to_owned());
        }
        if let Some(word) = self.feed.hide.iter().find(|word| !word.contains(char::is_alphanumeric)) {
            return Err(format!("[feed]: hide: there is no word in '{word}'"));
        }
        if self.due.relay.max(self.due.confirm).max(self.due.again) > GIVE_UP.unsigned_abs() {
            return Err("[due]: nothing waits for more than 40 days".to_owned());
        }
        let law = &self.search;
        if law.within < law.after || law.within > LONGEST_SEARCH {
            return Err("[search]: within must be no less than after, and no more than 7 days".to_owned());
        }
        if law.pass_on > MOST_PASSED_ON {
            return Err(format!("[search]: pass-on is {MOST_PASSED_ON} at most"));
        }
        Ok(())
    }
}

/// A driver's settings become environment variables: plain names, and values without a structure of their own.
fn check_settings(table: &Table) -> std::result::Result<(), String> {
    for (key, value) in table {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if key.is_empty() || !key.bytes().all(plain) {
            return Err(format!("'{key}': a name is made of a-z, 0-9 and -"));
        }
        if setting(value).is_none_or(|text| text.contains('\0')) {
            return Err(format!("'{key}' must be a text, a number, true, false, or a list of them"));
        }
    }
    if let Some(timeout) = table.get("timeout") {
        let text = timeout.as_str().ok_or("'timeout' must be a text such as '15m'")?;
        parse_duration(text).map_err(|error| format!("'timeout': {error}"))?;
    }
    Ok(())
}

/// A setting as the text that a driver gets: a list has one item a line.
pub fn setting(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(truth) => Some(truth.to_string()),
        Value::Datetime(time) => Some(time.to_string()),
        Value::Array(items) if !items.iter().any(Value::is_array) => {
            Some(items.iter().map(setting).collect::<Option<Vec<_>>>()?.join("\n"))
        }
        Value::Array(_) | Value::Table(_) => None,
    }
}

/// The first config.toml of an account that may write beneath `roots` and fetches from `sources`; with neither, it shows
/// how that would be said.
pub fn first(roots: &[PathBuf], sources: &[String]) -> Result<String> {
    let roots = roots.iter().map(|root| root.to_str().map(quoted)).collect::<Option<Vec<_>>>();
    let roots = roots.ok_or_else(|| Error::new(Kind::Config, "a folder's name is not UTF-8"))?.join(", ");
    let mut text = String::from(INTRODUCTION);
    match roots.as_str() {
        "" => text.push_str("#[send.file]\n#roots = ['/media/stick']\n"),
        roots => text.push_str(&format!("[send.file]\nroots = [{roots}]\n")),
    }
    text.push_str(RECEIVE);
    if sources.is_empty() {
        text.push_str("#[[receive]]\n#source = 'file:///media/stick/alice'\n");
    }
    for source in sources {
        text.push_str(&format!("[[receive]]\nsource = {}\n", quoted(source)));
    }
    text.push_str(TIMES);
    Ok(text)
}

/// A string in TOML.
pub(super) fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

const INTRODUCTION: &str = "\
# How this account sends and receives. socialnet-home(5) explains every line.
# A line that begins with # is a comment.

# Ways of sending: one table for each scheme that your contacts' addresses may have. A scheme without a table is not
# used. Addresses of the scheme file are folders, followed only beneath these roots.
";

const RECEIVE: &str = "
# Places to fetch from, as many as you like.
";

const TIMES: &str = "
# When a delivery that failed for now is tried again: first after this, then twice as long each time.
#[retry]
#first = '5m'
#longest = '1d'
#next-address = '4h'
#give-up = '5d'

# How long what the node owes by itself (comments passed on, confirmations) may wait for company.
#[due]
#relay = '10m'
#confirm = '24h'
#again = '10m'

# When what others' searches make leave does so: at any time between the two, so that nobody can tell whom it is for. A
# search that may go further is passed on to so many contacts.
#[search]
#after = '1h'
#within = '24h'
#pass-on = 4

# What has one of these words is not shown, nor what hangs under it.
#[feed]
#hide = ['football', 'world cup']

# What others' files may take up on this disk. Beyond it they wait, and are asked for again.
#[blobs]
#quota = '16 GiB'
";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config> {
        Config::read(text, Path::new("config.toml"))
    }

    #[test]
    fn nothing_said_means_the_defaults() {
        let config = read("").unwrap();
        assert!(config.send.is_empty() && config.receive.is_empty());
        assert_eq!(config.retry.first, Duration::from_secs(300));
        assert_eq!(config.retry.give_up, Duration::from_secs(432_000));
        assert_eq!(config.due.relay, Duration::from_secs(600));
        assert_eq!(config.blobs.quota, read("[blobs]\nquota = '16384MiB'").unwrap().blobs.quota);
    }

    #[test]
    fn the_first_file_reads_with_and_without_folders() {
        assert!(read(&first(&[], &[]).unwrap()).unwrap().send.is_empty());
        let roots = ["/media/it's a \"stick\"".into()];
        let config = read(&first(&roots, &["file:///media/x".to_owned()]).unwrap()).unwrap();
        assert_eq!(config.send["file"]["roots"][0].as_str(), Some("/media/it's a \"stick\""));
        assert_eq!(config.receive[0]["source"].as_str(), Some("file:///media/x"));
        // What is commented out is right as well.
        let all = first(&[], &[]).unwrap().replace("\n#[", "\n[");
        let all = [
            "roots",
            "source",
            "first",
            "longest",
            "next-address",
            "give-up",
            "relay",
            "confirm",
            "again",
            "after",
            "within",
            "pass-on",
            "hide",
            "quota",
        ]
        .iter()
        .fold(all, |text, key| text.replace(&format!("\n#{key} ="), &format!("\n{key} =")));
        assert_eq!(read(&all).unwrap().receive.len(), 1);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, message) in [
            ("\n[retry]\nfrist = '5m'", "'config.toml' line 3: unknown field `frist`"),
            ("[retry]\nfirst = 5", "'config.toml' line 2: invalid type: integer `5`"),
            ("[retry]\nfirst = '1mo'", "'config.toml' line 2: '1mo' is not a duration such as"),
            ("[due]\nrelay = '1000000w'", "'config.toml' [due]: nothing waits for more than 40 days"),
            ("[search]\nafter = '2d'", "'config.toml' [search]: within must be no less than after"),
            (
                "[search]\nwithin = '8d'",
                "'config.toml' [search]: within must be no less than after, and no more",
            ),
            ("[search]\npass-on = 9", "'config.toml' [search]: pass-on is 8 at most"),
            ("[retry]\nfirst = '0s'", "'config.toml' [retry]: first must be a second"),
            ("[blobs]\nquota = '16 GB'", "'config.toml' line 2: '16 GB' is not a size such as"),
            ("[blobs]\nquota = '99999999999 TiB'", "'config.toml' line 2: '99999999999 TiB' is not a size"),
            ("[feed]\nhide = ['!']", "'config.toml' [feed]: hide: there is no word in '!'"),
            ("[send.'../x']", "'config.toml' [send.../x]: a scheme is 1 to 16"),
            ("[send.x]\nLD_PRELOAD = 'y'", "'config.toml' [send.x]: 'LD_PRELOAD': a name is made of"),
            ("[send.x]\na = {b = 1}", "'config.toml' [send.x]: 'a' must be a text"),
            ("[send.x]\ntimeout = 'soon'", "'config.toml' [send.x]: 'timeout': 'soon' is not a duration"),
            ("[[receive]]\nfolder = 'y'", "'config.toml' [[receive]] number 1: needs source"),
            ("[[receive]]\nsource = '/in'", "'config.toml' [[receive]] number 1: needs source"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.message().starts_with(message), "{}", error.message());
            assert_eq!(error.kind(), Kind::Config);
        }
    }

    #[test]
    fn a_list_has_one_item_a_line() {
        let config = read("[send.x]\nto = ['a', 'b c', 3]\nfast = true").unwrap();
        assert_eq!(setting(&config.send["x"]["to"]).unwrap(), "a\nb c\n3");
        assert_eq!(setting(&config.send["x"]["fast"]).unwrap(), "true");
    }
}
