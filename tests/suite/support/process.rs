//! The service as a newcomer starts it: the program itself, `demo` on a free port.

use std::collections::HashMap;
use std::ops::Deref;
use std::path::Path;
use std::process::Command;

use super::api::Api;
use super::program::{Program, aiguilleur};

pub(crate) use super::api::{identity, need};

/// Tuesday 24 November 2026, nine o'clock.
pub(crate) const NINE: &str = "2026-11-24T09:00:00+01:00";

/// A running demo; ended when it is dropped.
pub(crate) struct Demo {
    program: Program,
    api: Api,
    /// What it printed until it was ready.
    pub(crate) greeting: Vec<String>,
}

impl Deref for Demo {
    type Target = Api;
    fn deref(&self) -> &Api {
        &self.api
    }
}

impl Demo {
    /// The Weppes at nine, in a folder of its own.
    pub(crate) fn start() -> Self {
        Self::with(&["--at", NINE, "--seed", "7"]).expect("the demo starts")
    }

    /// The Weppes at nine, in this folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        let folder = folder.to_str().expect("a readable path");
        Self::with(&["--at", NINE, "--seed", "7", "--data", folder]).expect("the demo starts")
    }

    /// With these arguments besides the port; what it said when it does not start.
    pub(crate) fn with(arguments: &[&str]) -> Result<Self, String> {
        Self::of(aiguilleur(&["demo", "--port", "0"]).args(arguments))
    }

    /// The same, logging what this filter lets through.
    pub(crate) fn logging(filter: &str, arguments: &[&str]) -> Result<Self, String> {
        Self::of(aiguilleur(&["demo", "--port", "0"]).args(arguments).env("AIGUILLEUR_LOG", filter))
    }

    fn of(command: &mut Command) -> Result<Self, String> {
        let program = Program::start(command)?;
        let greeting = program.greeting.clone();
        let page = greeting.iter().find_map(|line| line.trim().split_once("/console/")).expect("the console's address");
        let territory = page.1.split_whitespace().next().expect("the territory");
        let api = Api::new(page.0.to_owned(), territory, HashMap::new());
        Ok(Self { program, api, greeting })
    }

    /// Whether it logs this.
    pub(crate) fn logged(&self, words: &str) -> bool {
        self.program.logged(words)
    }

    /// All it has logged.
    pub(crate) fn log(&self) -> String {
        self.program.log()
    }

    /// Ends it as a power failure of the process would.
    pub(crate) fn kill(&mut self) {
        self.program.kill();
    }

    /// As [`Demo::kill`], for those who share it; the owner waits for its end.
    pub(crate) fn kill_by_pid(&self) {
        self.program.signal("KILL");
    }

    /// Tells it to stop, and waits; true when it ended well.
    pub(crate) fn stop(&mut self) -> bool {
        self.program.signal("TERM");
        self.program.ended_well()
    }
}
