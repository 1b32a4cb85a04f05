//! The scripts, each named by its hash, and a call of one. A script that is not there is brought and called again: nothing
//! was done by the call that missed it.

use std::sync::OnceLock;

use bytes::Bytes;
use redis::Cmd;
use sha1::{Digest, Sha1};

/// A script.
#[derive(Debug)]
pub(super) struct Script {
    text: &'static str,
    hash: OnceLock<String>,
}

impl Script {
    const fn new(text: &'static str) -> Self {
        Self { text, hash: OnceLock::new() }
    }

    fn hash(&self) -> &str {
        self.hash.get_or_init(|| Sha1::digest(self.text).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The command that makes the server know it.
    pub(super) fn load(&self) -> Cmd {
        let mut load = redis::cmd("SCRIPT");
        load.arg("LOAD").arg(self.text);
        load
    }
}

pub(super) static COMMIT: Script = Script::new(include_str!("scripts/commit.lua"));
pub(super) static READ: Script = Script::new(include_str!("scripts/read.lua"));
pub(super) static DUE: Script = Script::new(include_str!("scripts/due.lua"));
pub(super) static TRIM: Script = Script::new(include_str!("scripts/trim.lua"));
pub(super) static IMPORT: Script = Script::new(include_str!("scripts/import.lua"));
pub(super) static LEVEL: Script = Script::new(include_str!("scripts/level.lua"));
pub(super) static READY: Script = Script::new(include_str!("scripts/ready.lua"));
pub(super) static PERMITTED: Script = Script::new(include_str!("scripts/permitted.lua"));

/// Every script.
pub(super) static ALL: [&Script; 8] = [&COMMIT, &READ, &DUE, &TRIM, &IMPORT, &LEVEL, &READY, &PERMITTED];

/// A call of a script.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) script: &'static Script,
    keys: Vec<String>,
    arguments: Vec<Bytes>,
}

impl Call {
    pub(super) fn of(script: &'static Script, keys: impl IntoIterator<Item = String>) -> Self {
        Self { script, keys: keys.into_iter().collect(), arguments: Vec::new() }
    }

    /// Adds a key; its place among the keys, from 1, as an argument.
    pub(super) fn key(&mut self, key: String) -> Bytes {
        self.keys.push(key);
        self.keys.len().to_string().into()
    }

    /// Adds an argument.
    pub(super) fn arg(&mut self, argument: impl Into<Bytes>) -> &mut Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds a number.
    pub(super) fn number(&mut self, number: impl ToString) -> &mut Self {
        self.arg(number.to_string())
    }

    pub(super) fn command(&self) -> Cmd {
        let mut command = redis::cmd("EVALSHA");
        command.arg(self.script.hash()).arg(self.keys.len()).arg(&self.keys);
        for argument in &self.arguments {
            command.arg(&argument[..]);
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_named_as_redis_names_it() {
        // printf 'return 1' | sha1sum
        assert_eq!(Script::new("return 1").hash(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
    }

    #[test]
    fn every_script_is_refused_before_it_begins_and_not_in_the_middle() {
        // Without this first line Redis looks at each command on its own: a full one would stop a commit half done.
        for script in ALL {
            assert!(script.text.starts_with("#!lua"), "{}", script.text);
        }
    }
}
