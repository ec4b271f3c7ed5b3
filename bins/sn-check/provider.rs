//! What to do at which provider. They change their minds: socialnet-mail(7) says where this was read, and when.

use socialnet::Kind;

/// Ends of servers' names, and what helps against a refused login there.
const LOGINS: [(&[&str], &str); 8] = [
    (
        &["gmail.com", "googlemail.com", "google.com"],
        "Google wants an app password: switch 2-step verification on, then myaccount.google.com/apppasswords",
    ),
    (
        &["outlook.com", "office365.com", "hotmail.com", "live.com"],
        "Microsoft takes OAuth 2.0 tokens alone: token-command instead of password-command, as socialnet-mail(7) shows",
    ),
    (
        &["yahoo.com", "aol.com"],
        "Yahoo and AOL want an app password: account security, 'generate app password'",
    ),
    (
        &["me.com", "icloud.com"],
        "iCloud wants an app-specific password (account.apple.com); to fetch, the user is what stands before the @ of the address, to send the whole of it",
    ),
    (
        &["gmx.net", "gmx.com", "web.de"],
        "GMX and web.de let programs in when 'POP3 and IMAP access' is switched on in the settings of their web page",
    ),
    (&["t-online.de"], "Telekom wants its own e-mail password, which is set in the customer center"),
    (&["mail.ru"], "mail.ru wants a password for external applications, made in the security settings"),
    (
        &["proton.me", "protonmail.com", "protonmail.ch", "tuta.com", "tutanota.com"],
        "this provider has no IMAP of its own: Proton's needs its Bridge program; else use another way than mail",
    ),
];

/// What helps a person whose server at `host` failed so.
pub fn advice(host: &str, kind: Kind) -> Option<&'static str> {
    if kind != Kind::NotAllowed {
        return None;
    }
    let host = host.split([':', '/']).next().unwrap_or_default().to_ascii_lowercase();
    let beneath =
        |end: &&str| host == **end || host.strip_suffix(*end).is_some_and(|rest| rest.ends_with('.'));
    LOGINS.iter().find(|(ends, _)| ends.iter().any(beneath)).map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_known_by_the_end_of_its_servers_names() {
        assert!(advice("imap.gmail.com", Kind::NotAllowed).unwrap().contains("app password"));
        assert!(advice("Outlook.Office365.com:993", Kind::NotAllowed).unwrap().contains("token-command"));
        assert_eq!(advice("imap.notgmail.com", Kind::NotAllowed), None);
        assert_eq!(advice("imap.gmail.com", Kind::Again), None);
    }
}
