//! A client that does nothing but ask: what a server costs is not lost in what its client costs.

use socialnet::{Error, Kind, Result};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    ops::RangeInclusive,
};

/// One connection that is kept.
pub struct Talk(BufReader<TcpStream>);

impl Talk {
    /// To a server.
    pub fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Asks, and reads the answer, which has a length. Gives its head.
    pub fn ask(&mut self, head: &str, body: &[u8], wanted: RangeInclusive<u16>) -> Result<String> {
        let mut request = format!("{head}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        request.extend_from_slice(body);
        self.0.get_mut().write_all(&request)?;
        let mut answer = String::new();
        while !answer.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut answer)? == 0 {
                return Err(Error::new(Kind::Unavailable, "the server is gone"));
            }
        }
        let length = header(&answer, "content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        std::io::copy(&mut self.0.by_ref().take(length), &mut std::io::sink())?;
        match answer.split(' ').nth(1).and_then(|it| it.parse::<u16>().ok()) {
            Some(status) if wanted.contains(&status) => Ok(answer),
            other => Err(Error::new(Kind::Unavailable, format!("answered {other:?}"))),
        }
    }
}

/// The value of a header.
pub fn header<'a>(head: &'a str, wanted: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value).next()
}
