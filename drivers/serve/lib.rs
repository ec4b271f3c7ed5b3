//! What sn-httpd(1) and sn-web(1) share: the bodies of a web server's answers.

use http_body_util::{
    BodyExt, Full,
    channel::{Channel, Sender},
    combinators::UnsyncBoxBody,
};
use hyper::{Response, body::Bytes};
use std::{
    fs::File,
    io::{self, Read},
};

/// Any answer's body.
pub type Body = UnsyncBoxBody<Bytes, io::Error>;
/// Any answer.
pub type Reply = Response<Body>;

/// Bytes of a file that are read at once; at most one such piece waits for a slow reader.
const PIECE: usize = 64 << 10;

/// A body that is here.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// The first `size` bytes of a file, as fast as they are taken. A file that turns out to be shorter breaks the answer
/// off. Called within a runtime of tokio.
pub fn file(file: File, size: u64) -> Body {
    let (sender, body) = Channel::new(1);
    tokio::spawn(send(file, size, sender));
    body.boxed_unsync()
}

async fn send(mut file: File, size: u64, mut to: Sender<Bytes, io::Error>) {
    let mut left = size;
    while left > 0 {
        let most = left.min(PIECE as u64);
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = Vec::with_capacity(most as usize);
            file.by_ref().take(most).read_to_end(&mut piece).map(|_| (piece, file))
        });
        match read.await {
            Ok(Ok((piece, again))) if !piece.is_empty() => {
                left -= piece.len() as u64;
                file = again;
                if to.send_data(piece.into()).await.is_err() {
                    // Nobody listens any more.
                    return;
                }
            }
            // The connection ends before the length that was told, so nobody takes it for whole.
            _ => return to.abort(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, future::Future};

    fn wait<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
    }

    /// What a reader gets of a file with `there` bytes when `told` bytes were announced.
    fn read(there: usize, told: u64) -> Result<Vec<u8>, io::ErrorKind> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("item");
        let bytes: Vec<u8> = (0..there).map(|at| (at / 7) as u8).collect();
        fs::write(&path, &bytes).unwrap();
        let read = wait(async { file(File::open(&path).unwrap(), told).collect().await });
        let read = read.map(|read| read.to_bytes().to_vec()).map_err(|error| error.kind())?;
        assert_eq!(read, bytes[..read.len()]);
        Ok(read)
    }

    #[test]
    fn a_file_comes_whole_and_no_longer_than_was_told() {
        for size in [0, 1, PIECE, PIECE + 1, 3 * PIECE] {
            assert_eq!(read(size, size as u64).map(|read| read.len()), Ok(size));
        }
        assert_eq!(read(PIECE + 100, PIECE as u64 + 1).map(|read| read.len()), Ok(PIECE + 1));
    }

    #[test]
    fn a_file_that_has_become_shorter_breaks_off() {
        for told in [1, PIECE as u64 + 1] {
            assert_eq!(read(told as usize - 1, told), Err(io::ErrorKind::UnexpectedEof));
        }
    }
}
