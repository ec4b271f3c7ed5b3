//! The types of version 1. This list is the only one: what is told by type matches on [`Type`], [`Class`] or [`Body`], so
//! that the compiler names the places where a new one is missing. It does not name those that ask for one or two types
//! (`matches!`, and a few words of SQL): for them a new one is like all the others.

use super::{Body, is_application};

macro_rules! types {
    ($($type:ident = $name:literal,)*) => {
        /// A type of version 1; the `type` attribute spells it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Type {
            $(#[doc = concat!("`", $name, "`.")] $type,)*
        }

        impl Type {
            /// Every type, in the order of socialnet-packet(5).
            pub const ALL: &[Self] = &[$(Self::$type,)*];

            /// As the `type` attribute spells it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$type => $name,)* }
            }
        }
    };
}

types! {
    Status = "status",
    Photo = "photo",
    Comment = "comment",
    Reaction = "reaction",
    Message = "message",
    Share = "share",
    Edit = "edit",
    Retract = "retract",
    Profile = "profile",
    ContactRequest = "contact-request",
    ContactAccept = "contact-accept",
    ContactBye = "contact-bye",
    NotUnderstood = "not-understood",
    Handles = "handles",
    Search = "search",
    SearchRequest = "search-request",
    SearchStop = "search-stop",
    Resend = "resend",
}

impl Type {
    /// The type of that name, unless version 1 has none.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.name() == name)
    }
}

/// What sort of thing a packet is: the sections of socialnet-packet(5), with actions told apart by what may become of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Words and files for people, which an edit may replace.
    Words,
    /// One sign for people, which is only taken back.
    Sign,
    /// Changes another packet.
    Change,
    /// In which people and nodes say who they are, and ask, and answer: nothing of it is taken back, and another key says it
    /// in words of its own.
    Service,
    /// An application's own.
    Application,
    /// Not of this version.
    Unknown,
}

impl Class {
    /// By the `type` attribute.
    pub fn of(kind: &str) -> Self {
        match Type::named(kind) {
            Some(known) => known.into(),
            None if is_application(kind) => Self::Application,
            None => Self::Unknown,
        }
    }
}

impl From<Type> for Class {
    fn from(kind: Type) -> Self {
        match kind {
            Type::Status | Type::Photo | Type::Comment | Type::Message | Type::Share => Self::Words,
            Type::Reaction => Self::Sign,
            Type::Edit | Type::Retract => Self::Change,
            Type::Profile
            | Type::ContactRequest
            | Type::ContactAccept
            | Type::ContactBye
            | Type::NotUnderstood
            | Type::Handles
            | Type::Search
            | Type::SearchRequest
            | Type::SearchStop
            | Type::Resend => Self::Service,
        }
    }
}

impl Body {
    /// Its type; none for an application's, and for what was not understood, whatever its type says.
    pub fn kind(&self) -> Option<Type> {
        Some(match self {
            Self::Status => Type::Status,
            Self::Photo => Type::Photo,
            Self::Comment => Type::Comment,
            Self::Reaction => Type::Reaction,
            Self::Message => Type::Message,
            Self::Share { .. } => Type::Share,
            Self::Edit { .. } => Type::Edit,
            Self::Retract => Type::Retract,
            Self::Profile { .. } | Self::Introduction { .. } => Type::Profile,
            Self::ContactRequest { .. } => Type::ContactRequest,
            Self::ContactAccept { .. } => Type::ContactAccept,
            Self::ContactBye => Type::ContactBye,
            Self::NotUnderstood { .. } => Type::NotUnderstood,
            Self::Handles { .. } => Type::Handles,
            Self::Search(_) => Type::Search,
            Self::SearchRequest { .. } => Type::SearchRequest,
            Self::SearchStop => Type::SearchStop,
            Self::Resend(_) => Type::Resend,
            Self::Application | Self::Unknown { .. } => return None,
        })
    }

    /// What sort of thing it is.
    pub fn class(&self) -> Class {
        match self {
            Self::Application => Class::Application,
            _ => self.kind().map_or(Class::Unknown, Class::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The compiler can't compare this.
    #[test]
    fn the_schema_has_the_same_types() {
        let schema = include_str!("../../schema/packet-1.rng");
        let (_, start) = schema.split_once("<start>").unwrap();
        let (start, definitions) = start.split_once("</start>").unwrap();
        let accepted: Vec<_> = start.split("<ref name=\"type-").skip(1).map(quoted).collect();
        let names: Vec<_> = Type::ALL.iter().map(|it| it.name()).collect();
        assert_eq!(accepted, [names.as_slice(), &["application"]].concat());
        let spelled: Vec<_> =
            definitions.split("<attribute name=\"type\"><value>").skip(1).map(quoted).collect();
        assert_eq!(spelled, names);
    }

    fn quoted(rest: &str) -> &str {
        rest.split(['"', '<']).next().unwrap()
    }

    #[test]
    fn a_name_that_no_type_has_is_an_applications_or_unknown() {
        assert!(Type::ALL.iter().all(|it| Type::named(it.name()) == Some(*it)));
        assert_eq!(Class::of("org.example.chess"), Class::Application);
        assert_eq!(Class::of("poke"), Class::Unknown);
        assert_eq!(Class::of("photo"), Class::Words);
    }
}
