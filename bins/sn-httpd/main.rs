//! sn-httpd(1): takes packets by HTTP for accounts of this machine, and keeps boxes for those who fetch.
//!
//! | file | knows |
//! |---|---|
//! | `settings.rs` | the TOML file |
//! | `listen.rs`, `metrics.rs` | sockets, TLS, connections |
//! | `service.rs`, `receive.rs`, `reply.rs` | requests, bodies, answers |
//! | `boxes.rs`, `quota.rs`, `upload.rs` | folders and files |
//! | `commit.rs` | when something is durable |
//! | `login.rs` | who may fetch |
//! | `limits.rs`, `arrivals.rs`, `counters.rs`, `log.rs` | who takes how much, who waits, what is counted and told |

mod args;
mod arrivals;
mod boxes;
mod commit;
mod counters;
mod limits;
mod listen;
mod log;
mod login;
mod metrics;
mod quota;
mod receive;
mod reply;
mod run;
mod service;
mod settings;
mod upload;

use settings::Settings;
use socialnet::cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: args::Args, console| {
        let settings = Settings::read(&args.settings)?;
        if args.check {
            if settings.listen.is_empty() {
                console.note(&format!("{}, unless systemd opens a socket", listen::NOWHERE));
            }
            return settings.tls.as_ref().map_or(Ok(()), |tls| listen::acceptor(tls).map(drop));
        }
        run::run(&settings, console)
    })
}
