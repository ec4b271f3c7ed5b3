//! A comment passed on to a circle, beside a status that is sealed for the same readers.

use crate::{
    files::newest,
    table::{self, Goal},
    world::{World, status},
};
use socialnet::Result;
use std::{fs::OpenOptions, io::Write, time::Duration};

/// Comments, of which the one that took least counts.
const COMMENTS: u64 = 4;

/// The rows. `host` has a circle of so many.
pub fn rows(world: &World, host: &str, circle: u32) -> Result<()> {
    table::section(&format!("A comment for {circle} readers"));
    // At once: otherwise for company of ten minutes.
    let mut settings = OpenOptions::new().append(true).open(world.file(host).join("config.toml"))?;
    writeln!(settings, "[due]\nrelay = '0s'")?;
    let clear = world.write("root.xml", &status(&world.keys(host)?, 7))?;
    let (sealed, comment) = (world.file("sealed"), world.file("comment"));
    let seal = world.sn(host, "sn-seal --to all").reads(&clear).writes(&sealed);
    let a_status = seal.best(5)?;
    world.sn(host, "sn-send").reads(&sealed).once()?;

    let member = format!("{host}1");
    world.sn(&member, "sn-sync").once()?;
    let root = newest(world, &member)?;
    let mut passing_on = Duration::MAX;
    for number in 0..COMMENTS {
        world.sn(&member, &format!("sn-pack comment --about {root} {number}")).writes(&comment).once()?;
        world.sn(&member, "sn-seal").reads(&comment).writes(&sealed).once()?;
        world.sn(&member, "sn-send").reads(&sealed).once()?;
        world.sn(host, "sn-recv").once()?;
        world.sn(host, "sn-ingest").once()?;
        passing_on = passing_on.min(world.sn(host, "sn-seal --due").writes(&sealed).once()?);
        world.sn(host, "sn-send").reads(&sealed).once()?;
    }
    table::time("sn-seal --due", passing_on, "sn-seal --to all, a status", a_status, Goal::AtMost(1.1));
    Ok(())
}
