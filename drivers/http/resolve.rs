//! Which network addresses are connected to. What is checked here is what is connected to: the addresses of this one
//! answer of the DNS, so that a name that answers differently the next time (rebinding) gains nothing.

use crate::own::is_own;
use std::{
    collections::HashMap,
    error, fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use ureq::{
    Error,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::NextTimeout,
    },
};

/// Where connections may lead.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// To every network.
    pub private: bool,
    /// To every network, for these host names: each as the owner wrote it.
    pub private_hosts: Vec<String>,
    /// Without TLS beyond this machine.
    pub plain: bool,
}

/// Why an address is not connected to; travels inside [`ureq::Error::Other`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A host's address lies in somebody's own network.
    Private(String, IpAddr),
    /// It is this machine's, or beside it: elsewhere it may be right.
    Own(String, IpAddr),
    /// What is said to a host could be read on the way.
    Plain(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Private(host, ip) => write!(f, "'{host}' is {ip}, which is not on the public internet"),
            Self::Own(host, ip) => write!(f, "'{host}' is {ip}, which is in this machine's own network"),
            Self::Plain(host) => write!(f, "http without TLS to '{host}' is not allowed"),
        }
    }
}

impl error::Error for Refused {}

impl Reach {
    /// Refuses an address that `uri` resolved to.
    pub fn judge(&self, uri: &Uri, ip: IpAddr) -> Result<(), Refused> {
        let host = uri.host().unwrap_or_default().trim_end_matches('.');
        let named = self.private_hosts.iter().any(|name| name.eq_ignore_ascii_case(host));
        if !(self.private || named) {
            if !is_public(ip) {
                return Err(Refused::Private(host.to_owned(), ip));
            }
            if is_own(ip) {
                return Err(Refused::Own(host.to_owned(), ip));
            }
        }
        if uri.scheme_str() != Some("https") && !self.plain && !ip.to_canonical().is_loopback() {
            return Err(Refused::Plain(host.to_owned()));
        }
        Ok(())
    }
}

/// How long an answer of the DNS is used: each question takes a thread, so that it can be given up, and with many
/// requests to one host that would cost more than they do.
const KEPT: Duration = Duration::from_secs(30);

/// A resolver that leaves out what may not be connected to.
#[derive(Debug)]
pub struct Checked<R = DefaultResolver> {
    reach: Reach,
    inner: R,
    /// What became of answers, and when they came, by scheme and authority.
    kept: Mutex<HashMap<String, (Instant, Judged)>>,
}

/// An answer of the DNS: what may be connected to, and why the last of the others may not.
#[derive(Clone, Debug)]
struct Judged {
    allowed: ResolvedSocketAddrs,
    refused: Option<Refused>,
}

impl<R: Resolver> Checked<R> {
    /// One that asks the DNS by `inner`.
    pub fn new(reach: Reach, inner: R) -> Self {
        Self { reach, inner, kept: Mutex::default() }
    }

    fn ask(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<Judged, Error> {
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let host = format!("{}://{authority}", uri.scheme_str().unwrap_or_default());
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, judged)) = kept().get(&host).filter(|(when, _)| when.elapsed() < KEPT) {
            return Ok(judged.clone());
        }
        // Not locked meanwhile: another host's answer may be here long before.
        let found = self.inner.resolve(uri, config, timeout)?;
        let mut judged = Judged { allowed: self.empty(), refused: None };
        for &address in found.iter() {
            match self.reach.judge(uri, address.ip()) {
                Ok(()) => judged.allowed.push(address),
                Err(why) => judged.refused = Some(why),
            }
        }
        let mut kept = kept();
        kept.retain(|_, (when, _)| when.elapsed() < KEPT);
        kept.insert(host, (Instant::now(), judged.clone()));
        Ok(judged)
    }
}

impl<R: Resolver> Resolver for Checked<R> {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let Judged { allowed, refused } = self.ask(uri, config, timeout)?;
        match refused {
            Some(why) if allowed.is_empty() => Err(Error::Other(Box::new(why))),
            _ if allowed.is_empty() => Err(Error::HostNotFound),
            _ => Ok(allowed),
        }
    }
}

/// Whether an address is one of the internet's hosts, by the IANA special-purpose registries (RFC 6890).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0                                   // this network
        || a >= 240                                 // reserved, broadcast
        || (a == 100 && (64..128).contains(&b))     // behind a carrier's NAT (RFC 6598)
        || (a == 192 && b == 0 && c == 0)           // protocol assignments
        || (a == 192 && b == 88 && c == 99)         // 6to4 relays
        || (a == 198 && (b == 18 || b == 19)); // measurements
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b) {
        // An IPv4 address in other clothes: a NAT64 gateway (RFC 6052) or 6to4 relay (RFC 3056) would connect to it.
        (0x64, 0xff9b) => [c, d, e, f] == [0; 4] && is_public_v4(v4(g, h)),
        (0x2002, _) => is_public_v4(v4(b, c)),
        (0x2001, 0xdb8) => false,           // documentation
        (0x2001, b) if b < 0x200 => false,  // protocol assignments, Teredo (RFC 2928)
        (0x3fff, b) if b < 0x1000 => false, // documentation (RFC 9637)
        _ => (0x2000..0x4000).contains(&a), // global unicast; all else is special or not assigned
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Settings, agent::build};
    use std::{
        io::{Read, Write},
        net::{SocketAddr, TcpListener},
        sync::atomic::{AtomicUsize, Ordering},
        thread,
        time::Duration,
    };

    fn public(ip: &str) -> bool {
        is_public(ip.parse().unwrap())
    }

    #[test]
    fn hosts_of_the_internet() {
        for ip in
            ["1.1.1.1", "93.184.216.34", "100.63.0.1", "172.32.0.1", "2606:4700::1111", "64:ff9b::101:101"]
        {
            assert!(public(ip), "{ip}");
        }
    }

    #[test]
    fn ones_own_network_in_all_its_clothes() {
        for ip in [
            "127.0.0.1",
            "127.1.2.3",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.0.8",
            "198.19.0.1",
            "203.0.113.1",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:1.1.1.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:c0a8:101::",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
        ] {
            assert!(!public(ip), "{ip}");
        }
    }

    #[test]
    fn without_tls_only_to_this_machine_unless_allowed() {
        let plain = |reach: &Reach, ip: &str| {
            reach.judge(&"http://example.net/in/x".parse().unwrap(), ip.parse().unwrap()).is_ok()
        };
        let anywhere = Reach { private: true, ..Reach::default() };
        assert!(plain(&anywhere, "127.0.0.1") && plain(&anywhere, "::1"));
        assert!(!plain(&anywhere, "192.168.1.1") && !plain(&anywhere, "1.1.1.1"));
        let plainly = Reach { plain: true, ..Reach::default() };
        assert!(plain(&plainly, "1.1.1.1") && !plain(&plainly, "127.0.0.1"));
    }

    #[test]
    fn a_host_of_ones_own_may_be_named() {
        let reach = Reach { private_hosts: vec!["nas.example".into()], ..Reach::default() };
        let judge = |uri: &str| reach.judge(&uri.parse().unwrap(), "192.168.1.1".parse().unwrap()).is_ok();
        assert!(judge("https://nas.example/in/x") && judge("https://NAS.example./in/x"));
        assert!(!judge("https://evil.example/in/x") && !judge("https://nas.example.evil.example/in/x"));
    }

    fn settings(patience: Duration) -> Settings {
        Settings { answer_timeout: patience, request_timeout: patience, ca_file: None, allow_http: false }
    }

    /// Answers each question differently, as the DNS of somebody who wants in does.
    #[derive(Debug)]
    struct Rebinding(Vec<SocketAddr>, AtomicUsize);

    impl Rebinding {
        /// One that begins with the answer of this number.
        fn from(answers: &[SocketAddr], first: usize) -> Self {
            Self(answers.to_vec(), AtomicUsize::new(first))
        }
    }

    impl Resolver for Rebinding {
        fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
            let mut found = self.empty();
            found.push(self.0[self.1.fetch_add(1, Ordering::SeqCst) % self.0.len()]);
            Ok(found)
        }
    }

    #[test]
    fn a_name_that_changes_its_address_gains_nothing() {
        // What must not be reached listens at the very port of the address.
        let inside = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = inside.local_addr().unwrap().port();
        // TEST-NET-3 stands for the internet: nobody answers there.
        let answers = [SocketAddr::from(([203, 0, 113, 1], port)), SocketAddr::from(([127, 0, 0, 1], port))];
        let settings = settings(Duration::from_millis(200));
        let reach = Reach { plain: true, ..Reach::default() };
        for first in 0..answers.len() {
            let dns = Rebinding::from(&answers, first);
            let agent = build(&settings, Checked::new(reach.clone(), dns)).unwrap();
            // Hosts that are asked for anew each time, and one whose answer is kept.
            for host in ["a", "b", "b", "c", "c"] {
                agent.get(format!("http://{host}.example:{port}/")).call().unwrap_err();
            }
        }
        inside.set_nonblocking(true).unwrap();
        assert!(inside.accept().is_err(), "somebody connected to this machine");
    }

    #[test]
    fn what_was_checked_is_what_is_connected_to() {
        let here = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = here.local_addr().unwrap();
        let elsewhere = SocketAddr::from(([127, 0, 0, 1], 1));
        let dns = Rebinding::from(&[address, elsewhere], 0);
        let server = thread::spawn(move || {
            for _ in 0..2 {
                let (mut stream, _) = here.accept().unwrap();
                let _ = stream.read(&mut [0; 1024]);
                stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
            }
        });
        let settings = settings(Duration::from_secs(60));
        let reach = Reach { private: true, ..Reach::default() };
        let agent = build(&settings, Checked::new(reach, dns)).unwrap();
        // The second answer of the DNS is never asked for: the first was checked and used, also for another connection.
        for _ in 0..2 {
            let answer = agent.get("http://once.example/").call().unwrap();
            assert_eq!(answer.status(), 204);
        }
        server.join().unwrap();
    }
}
