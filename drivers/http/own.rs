//! What is this machine's own, though its number is one of the public internet: its addresses, and with IPv6 those beside
//! it. At home every machine has such an address; the router keeps strangers away from it, but not us.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

/// RFC 863: nobody listens there, and nothing is sent.
const DISCARD: u16 = 9;

/// Whether an address is this machine's, or of IPv6 in the same /64. One to which there is no way is neither.
pub fn is_own(there: IpAddr) -> bool {
    from(there).is_ok_and(|here| is_beside(here, there))
}

/// The address from which this machine would talk to another; the kernel only looks at its routes for it.
fn from(there: IpAddr) -> io::Result<IpAddr> {
    let any = match there {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
    socket.connect((there, DISCARD))?;
    Ok(socket.local_addr()?.ip())
}

fn is_beside(here: IpAddr, there: IpAddr) -> bool {
    match (here, there) {
        (IpAddr::V6(here), IpAddr::V6(there)) => here.segments()[..4] == there.segments()[..4],
        _ => here == there,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_household_is_a_64() {
        let beside = |here: &str, there: &str| is_beside(here.parse().unwrap(), there.parse().unwrap());
        assert!(beside("2000:1:2:3::1", "2000:1:2:3::1") && beside("2000:1:2:3::1", "2000:1:2:3:4:5:6:7"));
        assert!(!beside("2000:1:2:3::1", "2000:1:2:4::1"));
        assert!(beside("1.1.1.1", "1.1.1.1") && !beside("1.1.1.1", "1.1.1.2"));
    }

    #[test]
    fn this_machine_is_its_own() {
        assert!(is_own("127.0.0.1".parse().unwrap()));
    }
}
