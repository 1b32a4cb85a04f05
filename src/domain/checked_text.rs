//! Texts of a checked form: a type that cannot hold any other, written and read as the plain text it is. Most are a few
//! characters long and stand where they are used, without memory of their own: a record has several, a million records millions.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Error, Visitor};

/// Makes such a type: its documentation and name, its error, and the check of its form.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $error:ty, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(compact_str::CompactString);

        impl $name {
            /// The text inside.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl std::str::FromStr for $name {
            type Err = $error;
            fn from_str(text: &str) -> Result<Self, $error> {
                let check: fn(&str) -> Result<(), $error> = $check;
                check(text).map(|()| Self(text.into()))
            }
        }
        $crate::domain::checked_text::stored_as_text!($name);
    };
}
pub(super) use checked_text;

/// Has a type that is shown as a text and parsed from it stored as that text.
macro_rules! stored_as_text {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str($crate::domain::checked_text::Parsed::new())
            }
        }
    };
}
pub(super) use stored_as_text;

/// Reads a text as what it is parsed to.
pub(super) struct Parsed<T>(PhantomData<T>);

impl<T> Parsed<T> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: FromStr<Err: Display>> Visitor<'_> for Parsed<T> {
    type Value = T;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}
