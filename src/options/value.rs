//! The value of an option, as far as its kind has checked it.

/// The value of an option; its kind is what the catalog says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Flag(bool),
    Integer(u64),
    /// A percentage as a share of 1.
    Share(f64),
    Action,
    Text(&'a str),
}

impl<'a> Value<'a> {
    pub(crate) fn flag(self) -> bool {
        self == Self::Flag(true)
    }

    pub(crate) fn integer(self) -> u64 {
        if let Self::Integer(integer) = self { integer } else { 0 }
    }

    /// A number that the catalog keeps below 2^32.
    pub(crate) fn small(self) -> u32 {
        u32::try_from(self.integer()).unwrap_or(u32::MAX)
    }

    pub(crate) fn share(self) -> f64 {
        if let Self::Share(share) = self { share } else { 0.0 }
    }

    pub(crate) fn text(self) -> &'a str {
        if let Self::Text(text) = self { text } else { "" }
    }
}
