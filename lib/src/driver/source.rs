//! Places to fetch from, as their owner wrote them: a URI, and no secret in it (socialnet-driver(7)). It would be on a
//! command line, which everybody on the machine can read, and in messages.

use crate::{
    Error, Kind, Result,
    address::{has_password, scheme, shown},
    home::Table,
};

/// The source of a `[[receive]]` table, and its scheme. [`Kind::Config`]: it is no URI, or has a password in it.
pub(super) fn read(table: &Table) -> Result<(&str, &str)> {
    let source = table.get("source").and_then(toml::Value::as_str).unwrap_or_default();
    let wrong = |what| Error::new(Kind::Config, format!("the source '{}' {what}", shown(source)));
    if has_password(source) {
        return Err(wrong("has a password in it, which everybody on this machine could read").hint(
            "write SCHEME://USER@HOST, and set password-command = 'pass show mail' or what else prints the password",
        ));
    }
    Ok((source, scheme(source).ok_or_else(|| wrong("is no URI"))?))
}
