//! The service under test: the real program, on a port of its own, with the same people and slots each time.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

pub(crate) struct Service {
    child: Child,
    arguments: Vec<String>,
    _data: tempfile::TempDir,
    base: String,
}

const START: Duration = Duration::from_secs(60);

impl Service {
    pub(crate) async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().to_str().unwrap();
        let fixed = ["demo", "--at", "2026-11-24T09:00:00+01:00", "--seed", "7", "--data", folder, "--port"];
        let arguments: Vec<String> = fixed.iter().map(|text| (*text).to_owned()).collect();
        let (child, base) = spawn(&arguments, "0").await;
        Self { child, arguments, _data: data, base }
    }

    /// The address of a page.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Stops the program at once, as a crash or a cut line looks from a desk.
    pub(crate) async fn break_down(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Starts it again where it was, with what it had.
    pub(crate) async fn come_back(&mut self) {
        let port = self.base.rsplit(':').next().unwrap().to_owned();
        (self.child, _) = spawn(&self.arguments, &port).await;
    }

    pub(crate) async fn stop(mut self) {
        self.child.kill().await.unwrap();
    }
}

async fn spawn(arguments: &[String], port: &str) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_aiguilleur"))
        .args(arguments)
        .arg(port)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut base = None;
    let ready = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some(address) = line.split_whitespace().find(|word| word.starts_with("http://127.0.0.1:")) {
                let end = address["http://".len()..].find('/').map_or(address.len(), |at| at + "http://".len());
                base.get_or_insert_with(|| address[..end].to_owned());
            }
            if line == "ready" {
                return;
            }
        }
        panic!("the service ended before it was ready");
    };
    timeout(START, ready).await.expect("the service is ready within a minute");
    // The pipe stays open, so that the service may go on printing.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (child, base.expect("the service prints its address"))
}
