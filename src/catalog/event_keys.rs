//! Every key of `network_event_real` and `network_event_string`.

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Row<Key> {
    /// As it is asked for, and the member of `NetworkEvent`.
    pub name: &'static str,
    /// What it is to the code.
    pub key: Key,
}

/// The row of a name.
pub fn find<Key: Copy>(table: &[Row<Key>], name: &str) -> Option<Key> {
    table.iter().find(|row| row.name == name).map(|row| row.key)
}

/// Writes the names for code and the table from one list.
macro_rules! keys {
    ($(#[$doc:meta])* $enum:ident, $table:ident: $($key:ident = $name:literal;)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $enum { $(#[doc = $name] $key,)* }

        $(#[$doc])*
        pub static $table: &[Row<$enum>] = &[$(Row { name: $name, key: $enum::$key }),*];
    };
}

keys! {
    /// Keys of `network_event_real`.
    Real, REALS:
    Type = "type";
    Id = "id";
    Socket = "socket";
    Server = "server";
    Port = "port";
    Succeeded = "succeeded";
    MessageType = "message_type";
    Error = "error";
    Size = "size";
    Code = "code";
}

keys! {
    /// Keys of `network_event_string`.
    Text, TEXTS:
    Ip = "ip";
    Reason = "reason";
}
