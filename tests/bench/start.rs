//! What it costs to start a command, and what it takes on the disk.

use crate::{run::Run, table, world::World};
use socialnet::{Context, Result};
use std::{env, fs, path::PathBuf, time::Duration};

/// The rows.
pub fn rows(world: &World) -> Result<()> {
    table::section("Starting a command that does nothing; its size, stripped");
    let most = Duration::from_millis(5);
    for name in commands()? {
        table::limit(&name, Run::new(&format!("{name} --version")).best(20)?, most);
        table::size("", stripped(world, &name)?);
    }
    Ok(())
}

/// The folders in bins/ that are packages.
fn commands() -> Result<Vec<String>> {
    let entries = fs::read_dir("bins").context(|| "cannot open 'bins'")?;
    let packages =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.join("Cargo.toml").exists());
    let names = packages.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
    let mut names: Vec<_> = names.collect();
    names.sort();
    Ok(names)
}

fn stripped(world: &World, name: &str) -> Result<u64> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let (built, bare) = (target.join("release").join(name), world.file("stripped"));
    Run::new("strip -o").word(bare.display().to_string()).word(built.display().to_string()).once()?;
    Ok(fs::metadata(bare)?.len())
}
