//! The service as a CPTS runs it: `serve` with a configuration, access keys and a file of practitioners. Its clock stands at
//! nine as the demo's does (a rehearsal), so that nothing here depends on the day of the run.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Output;

use aiguilleur::geography::builtin;
use serde_json::{Value, json};

use super::api::Api;
use super::process::NINE;
use super::program::{Program, aiguilleur};

/// What an operator of a service has on disk.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

/// Practitioners in the file: general practitioners, and one nurse.
const DOCTORS: usize = 12;

/// The number of a practitioner of the file.
pub(crate) fn rpps(number: usize) -> String {
    format!("199900000{number:02}")
}

impl Place {
    /// A configuration that would start, with a directory and no keys yet.
    pub(crate) fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().expect("a folder") };
        fs::create_dir(place.path("praticiens")).expect("made");
        fs::write(place.path("praticiens/weppes.csv"), directory()).expect("written");
        place.configure(&format!(
            "[service]\nlisten = \"127.0.0.1:0\"\nterritories = [\"weppes\"]\ndata = \"data\"\nclock_at = \"{NINE}\"\n\
             [directory]\npractitioners = \"praticiens\"\n\
             [limits]\ncalls_per_second = 5000\ncalls_at_once = 20000\n"
        ));
        place
    }

    /// A path beside the configuration.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the configuration anew.
    pub(crate) fn configure(&self, text: &str) {
        fs::write(self.path("aiguilleur.toml"), text).expect("written");
    }

    /// Adds lines to the configuration.
    pub(crate) fn add(&self, text: &str) {
        let before = fs::read_to_string(self.path("aiguilleur.toml")).expect("there");
        self.configure(&format!("{before}{text}"));
    }

    /// Replaces a text of the configuration.
    pub(crate) fn replace(&self, before: &str, after: &str) {
        let text = fs::read_to_string(self.path("aiguilleur.toml")).expect("there");
        assert!(text.contains(before), "{text}");
        self.configure(&text.replace(before, after));
    }

    /// Runs a command of this service to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let config = self.config();
        let (command, rest) = arguments.split_first().expect("a command");
        let mut all = vec![*command];
        // The configuration is an argument of the innermost command.
        if let Some((inner, rest)) = rest.split_first().filter(|(inner, _)| !inner.starts_with('-')) {
            all.push(inner);
            all.extend(["--config", &config]);
            all.extend(rest);
        } else {
            all.extend(["--config", &config]);
            all.extend(rest);
        }
        aiguilleur(&all).output().expect("the program is built")
    }

    /// Makes an access key; its token.
    pub(crate) fn key(&self, name: &str, role: &str, more: &[&str]) -> String {
        let mut arguments = vec!["key", "new", "--name", name, "--role", role, "--territory", "weppes"];
        arguments.extend(more);
        let made = self.run(&arguments);
        assert!(made.status.success(), "{}", said(&made));
        String::from_utf8(made.stdout).expect("a token").trim().to_owned()
    }

    /// Keys of every role, by the demo's token they stand for; the practitioner's is of the file's first.
    fn keys(&self) -> HashMap<String, String> {
        fs::create_dir_all(self.path("data")).expect("made");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(self.path("data"), fs::Permissions::from_mode(0o700)).expect("ours");
        }
        let mut keys: HashMap<String, String> = ["operator", "regulator", "coordinator", "system"]
            .into_iter()
            .map(|role| (format!("demo-{role}"), self.key(&format!("{role}-1"), role, &[])))
            .collect();
        let first = rpps(1);
        let token = self.key("practitioner-1", "practitioner", &["--rpps", &first]);
        keys.insert(format!("demo-practitioner-{first}"), token);
        keys
    }

    /// Starts the service as it is configured, with these variables and keys; what it said when it does not start.
    pub(crate) fn start(self, variables: &[(&str, &str)], keys: HashMap<String, String>) -> Result<Serve, String> {
        let config = self.config();
        let program = Program::start(aiguilleur(&["serve", "--config", &config]).envs(variables.iter().copied()))?;
        let base = program.greeting.iter().find_map(|line| Some(line.split_once("http://")?.1)).expect("its address");
        let api = Api::new(format!("http://{base}"), "weppes", keys);
        Ok(Serve { program, api, place: self })
    }

    /// What it says when it does not start.
    pub(crate) fn refused(self, variables: &[(&str, &str)]) -> String {
        match self.start(variables, HashMap::new()) {
            Ok(_) => panic!("it started"),
            Err(said) => said,
        }
    }

    pub(crate) fn config(&self) -> String {
        self.path("aiguilleur.toml").to_str().expect("a readable path").to_owned()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// A running service; ended when it is dropped.
pub(crate) struct Serve {
    pub(crate) program: Program,
    api: Api,
    pub(crate) place: Place,
}

impl Deref for Serve {
    type Target = Api;
    fn deref(&self) -> &Api {
        &self.api
    }
}

impl Serve {
    /// The Weppes at nine, with keys of every role and an afternoon of places.
    pub(crate) async fn start() -> Self {
        Self::of(Place::new()).await
    }

    /// The same, living in a Redis.
    pub(crate) async fn on_redis(url: &str) -> Self {
        let place = Place::new();
        place.add(&format!("[store]\nkind = \"redis\"\nurl = \"{url}\"\n"));
        Self::of(place).await
    }

    /// The same, as this place configures it.
    pub(crate) async fn of(place: Place) -> Self {
        let keys = place.keys();
        let serve = place.start(&[], keys).unwrap_or_else(|said| panic!("{said}"));
        serve.publish_afternoon().await;
        serve
    }

    /// Places of several practitioners besides those a test publishes itself.
    async fn publish_afternoon(&self) {
        let slots: Vec<Value> = (0..48)
            .map(|n| {
                let (doctor, quarter) = (6 + n % 6, n / 6);
                json!({
                    "rpps": rpps(doctor), "location_id": "cabinet", "duration_minutes": 15, "modality": "AMB",
                    "start": format!("2026-11-24T{}:{:02}:00+01:00", 14 + quarter / 4, 15 * (quarter % 4)),
                    "audience": ["PUBLIC"], "capacity": 1,
                })
            })
            .collect();
        let (status, made) = self.post("demo-system", "/slots", &json!({ "slots": slots })).await.expect("answers");
        assert_eq!((status, made["created"].as_array().map(Vec::len)), (201, Some(48)), "{made}");
    }

    /// Tells it to stop, and waits; true when it ended well.
    pub(crate) fn stop(&mut self) -> bool {
        self.program.signal("TERM");
        self.program.ended_well()
    }

    /// Its API, for those who share it.
    pub(crate) fn api(&self) -> Api {
        self.api.clone()
    }

    /// What is left on disk once it has ended.
    pub(crate) fn leave(mut self) -> Place {
        self.program.kill();
        self.place
    }

    /// Ends it, if it has not, and starts it again where it was.
    pub(crate) fn again(mut self) -> Self {
        self.program.kill();
        let keys = self.api.keys();
        self.place.start(&[], keys).expect("the service starts again")
    }
}

/// All a command wrote, for people.
pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The practitioners of the Weppes, as their CPTS would write them down.
fn directory() -> String {
    let communes = builtin::load("weppes").expect("ours").communes;
    let mut text = "rpps;nom;profession;specialite;langues;lieu;nom_du_lieu;commune;lat;lon;accessible\n".to_owned();
    for number in 1..=DOCTORS {
        let commune = &communes[number % communes.len()];
        let _ = writeln!(
            text,
            "{};[FICTIF] Dr Numéro {number};10;SM54;fr;cabinet;Cabinet de {};{};;;oui",
            rpps(number),
            commune.name,
            commune.code
        );
    }
    let _ = writeln!(text, "{};[FICTIF] Infirmière Vlieg;60;;fr;cabinet;Cabinet;59658;;;oui", rpps(99));
    text
}
