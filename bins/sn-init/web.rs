//! Addresses on web servers: the settings that they need, and what their owner has to do at the server.

use socialnet::{Result, cli, home::Home};

/// Writes the settings, and says what is left to be done.
pub fn set_up(home: &mut Home, addresses: &[String], console: &cli::Console) -> Result<()> {
    let missing = home.missing_for_web(addresses)?;
    if missing.is_empty() {
        return Ok(());
    }
    let before = home.config.receive.len();
    home.add_settings(&missing)?;
    for table in &home.config.receive[before..] {
        let source = table.get("source").and_then(|source| source.as_str()).unwrap_or_default();
        console.note(&format!("will fetch from {source} and log in with the identity key:"));
    }
    console.note("the server's keeper has to write the fingerprint into the file 'owner' of that box");
    console.note(&format!(
        "if there is a secret instead, or the server puts packets right here, edit '{}/config.toml'",
        home.path().display()
    ));
    Ok(())
}
