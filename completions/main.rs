//! Writes what bash, zsh and fish need to complete the commands' options, from the same `args.rs` that the commands
//! are compiled from: `completions FOLDER` fills `FOLDER/{bash,zsh,fish}`.

use clap::CommandFactory;
use clap_complete::{Shell, generate_to};
use std::{env, fs, io, path::PathBuf};

/// One line for each command.
macro_rules! commands {
    ($($command:ident = $path:literal,)*) => {
        $(#[path = $path] mod $command;)*
        const COMMANDS: &[fn() -> clap::Command] = &[$($command::Args::command,)*];
    };
}

commands! {
    sn_backup = "../bins/sn-backup/args.rs",
    sn_check = "../bins/sn-check/args.rs",
    sn_contact = "../bins/sn-contact/args.rs",
    sn_feed = "../bins/sn-feed/args.rs",
    sn_get = "../bins/sn-get/args.rs",
    sn_httpd = "../bins/sn-httpd/args.rs",
    sn_ingest = "../bins/sn-ingest/args.rs",
    sn_init = "../bins/sn-init/args.rs",
    sn_open = "../bins/sn-open/args.rs",
    sn_pack = "../bins/sn-pack/args.rs",
    sn_profile = "../bins/sn-profile/args.rs",
    sn_recv = "../bins/sn-recv/args.rs",
    sn_recv_file = "../bins/sn-recv-file/args.rs",
    sn_recv_http = "../bins/sn-recv-http/args.rs",
    sn_recv_imap = "../bins/sn-recv-imap/args.rs",
    sn_recv_maildir = "../bins/sn-recv-maildir/args.rs",
    sn_recv_pop3 = "../bins/sn-recv-pop3/args.rs",
    sn_search = "../bins/sn-search/args.rs",
    sn_seal = "../bins/sn-seal/args.rs",
    sn_send = "../bins/sn-send/args.rs",
    sn_send_file = "../bins/sn-send-file/args.rs",
    sn_send_http = "../bins/sn-send-http/args.rs",
    sn_send_mailto = "../bins/sn-send-mailto/args.rs",
    sn_show = "../bins/sn-show/args.rs",
    sn_web = "../bins/sn-web/args.rs",
}

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| io::Error::other("usage: completions FOLDER"))?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let folder = folder.join(shell.to_string());
        fs::create_dir_all(&folder)?;
        for command in COMMANDS {
            let mut command = command();
            let name = command.get_name().to_owned();
            generate_to(shell, &mut command, name, &folder)?;
        }
    }
    Ok(())
}
