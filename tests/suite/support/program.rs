//! The program itself, started as a person or a supervisor starts it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

/// A running program that has said `ready`; ended when it is dropped.
pub(crate) struct Program {
    child: Child,
    /// What it printed until it was ready.
    pub(crate) greeting: Vec<String>,
    /// What it logged so far.
    log: Arc<Mutex<Vec<String>>>,
}

/// The program with these arguments, to be run as it is.
pub(crate) fn aiguilleur(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aiguilleur"));
    command.args(arguments).stdin(Stdio::null());
    command
}

impl Program {
    /// Starts it and waits until it is ready; what it logged when it ends before that.
    pub(crate) fn start(command: &mut Command) -> Result<Self, String> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program is built");
        let log = Arc::new(Mutex::new(Vec::new()));
        let (stderr, kept) = (child.stderr.take().expect("piped"), log.clone());
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                kept.lock().expect("no reader panics").push(line);
            }
        });
        let mut greeting = Vec::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        loop {
            let mut line = String::new();
            if stdout.read_line(&mut line).expect("readable") == 0 {
                child.wait().expect("ended");
                reader.join().expect("no reader panics");
                return Err(log.lock().expect("no reader panics").join("\n"));
            }
            let line = line.trim_end().to_owned();
            if line == "ready" {
                break;
            }
            greeting.push(line);
        }
        // Whatever is printed later is read, so that the program never waits for us.
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).count());
        Ok(Self { child, greeting, log })
    }

    /// Whether it logs this: a line may be read a little after what it tells of.
    pub(crate) fn logged(&self, words: &str) -> bool {
        (0..200).any(|_| {
            let found = self.log().contains(words);
            if !found {
                std::thread::sleep(std::time::Duration::from_millis(25));
            }
            found
        })
    }

    /// All it has logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("no reader panics").join("\n")
    }

    /// Ends it as a power failure of the process would.
    pub(crate) fn kill(&mut self) {
        // It may have been killed by its pid already.
        let _ = self.child.kill();
        self.child.wait().expect("it ended");
    }

    /// Sends it a signal: `TERM`, `INT`, `KILL`.
    pub(crate) fn signal(&self, name: &str) {
        let told = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(told.expect("kill").success());
    }

    /// Waits for its end; true when it ended well.
    pub(crate) fn ended_well(&mut self) -> bool {
        self.child.wait().expect("it ended").success()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
