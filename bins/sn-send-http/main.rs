//! sn-send-http(1): the driver that hands envelopes and chunks to web servers. socialnet-http(7) has the protocol.
//!
//! | file | knows |
//! |---|---|
//! | here | job lines and report lines |
//! | `lanes.rs` | how many requests are under way at once, and to whom |
//! | `post.rs` | one request, and what its answer means |

mod args;
mod lanes;
mod post;

use lanes::{Job, Lanes};
use post::Post;
use socialnet::{
    Result, cli,
    driver::{MAX_BYTES, serve},
};
use std::{io::Write, path::Path, process::ExitCode};

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: args::Args, console| {
        if args.capabilities {
            let mut out = cli::output();
            writeln!(out, "version=1\nmax-bytes={MAX_BYTES}")?;
            return cli::finish(out);
        }
        if args.check {
            // There is no login: what can be wrong is the settings.
            Post::new()?;
            let mut out = cli::output();
            writeln!(out, "version=1\nmax-bytes={MAX_BYTES}")?;
            return cli::finish(out);
        }
        hand_over(console)
    })
}

fn hand_over(console: &mut cli::Console) -> Result<()> {
    let post = Post::new()?;
    let lanes = Lanes::new(post.per_host());
    lanes.run(
        |lanes| {
            for job in serve::jobs() {
                match job {
                    Ok(line) => {
                        // One that can't be opened is reported by whoever tries.
                        let size = Path::new(&line.file).metadata().map_or(0, |about| about.len());
                        lanes.add(Job { line, size });
                    }
                    Err(error) => console.failed(&error),
                }
            }
            Ok(())
        },
        |job| post.hand_over(job),
        |job, report| serve::report(&job.line.id, report),
    )
}
