//! What one network address may take: connections at once, and requests in a minute.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Addresses that are remembered, at most: beyond that those go that have nothing to be remembered for.
const REMEMBERED: usize = 1 << 16;
/// The time for which a number of requests is allowed.
const MINUTE: Duration = Duration::from_secs(60);

/// What addresses have taken.
pub struct Limits {
    connections: u32,
    requests: f64,
    clients: Mutex<HashMap<IpAddr, Client>>,
}

struct Client {
    connections: u32,
    /// Requests that it may still make, as of `then`.
    left: f64,
    then: Instant,
}

/// A connection that counts; dropped when it ends.
pub struct Entered {
    limits: Arc<Limits>,
    client: IpAddr,
}

impl Limits {
    /// So many connections, and requests in a minute, for each.
    pub fn new(connections: u32, requests: u32) -> Self {
        Self { connections, requests: f64::from(requests), clients: Mutex::default() }
    }

    /// Lets a connection in, or not.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Entered> {
        let client = network(address);
        let mut clients = self.lock();
        self.forget(&mut clients);
        let known = clients.entry(client).or_insert_with(|| self.fresh());
        if known.connections >= self.connections {
            return None;
        }
        known.connections += 1;
        Some(Entered { limits: Arc::clone(self), client })
    }

    /// Takes a request that counts `weight` times, or says how long to wait.
    pub fn request(&self, address: IpAddr, weight: f64) -> Result<(), Duration> {
        let mut clients = self.lock();
        self.forget(&mut clients);
        let known = clients.entry(network(address)).or_insert_with(|| self.fresh());
        known.left = self.requests.min(known.left + self.rate() * known.then.elapsed().as_secs_f64());
        known.then = Instant::now();
        if known.left >= 1.0 {
            known.left -= weight;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - known.left) / self.rate()))
    }

    fn rate(&self) -> f64 {
        self.requests / MINUTE.as_secs_f64()
    }

    fn fresh(&self) -> Client {
        Client { connections: 0, left: self.requests, then: Instant::now() }
    }

    fn forget(&self, clients: &mut HashMap<IpAddr, Client>) {
        if clients.len() >= REMEMBERED {
            clients.retain(|_, known| known.connections > 0 || known.then.elapsed() < MINUTE);
        }
        if clients.len() >= REMEMBERED {
            // A flood from everywhere: better to forget than to keep out, or to run out of memory.
            clients.retain(|_, known| known.connections > 0);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Client>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(known) = self.limits.lock().get_mut(&self.client) {
            known.connections = known.connections.saturating_sub(1);
        }
    }
}

/// Of IPv6 the /64, which is one household's: it has as many addresses as it likes.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn connections_are_counted_for_each_address() {
        let limits = Arc::new(Limits::new(2, 100));
        let first = limits.enter(ip("192.0.2.1")).unwrap();
        let _second = limits.enter(ip("::ffff:192.0.2.1")).unwrap();
        assert!(limits.enter(ip("192.0.2.1")).is_none());
        let _other = limits.enter(ip("192.0.2.2")).unwrap();
        drop(first);
        let _again = limits.enter(ip("192.0.2.1")).unwrap();
        let _a = limits.enter(ip("2001:db8::1")).unwrap();
        let _b = limits.enter(ip("2001:db8::2")).unwrap();
        assert!(limits.enter(ip("2001:db8::3")).is_none(), "one household");
        assert!(limits.enter(ip("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn requests_run_out_and_come_back() {
        let limits = Limits::new(1, 3);
        let here = ip("192.0.2.1");
        let begun = Instant::now();
        for _ in 0..3 {
            limits.request(here, 1.0).unwrap();
        }
        let wait = limits.request(here, 1.0).unwrap_err();
        let one = Duration::from_secs(20);
        assert!(wait <= one && wait + begun.elapsed() >= one, "{wait:?}");
        assert_eq!(limits.request(ip("192.0.2.2"), 1.0), Ok(()));
        limits.lock().get_mut(&here).unwrap().then -= Duration::from_secs(21);
        assert_eq!(limits.request(here, 1.0), Ok(()));
    }

    #[test]
    fn a_flood_from_everywhere_takes_no_more_memory() {
        let limits = Limits::new(1, 3);
        for number in 0..(REMEMBERED as u32 + 1000) {
            let _ = limits.request(IpAddr::from(number.to_be_bytes()), 1.0);
        }
        assert!(limits.lock().len() <= REMEMBERED);
    }
}
