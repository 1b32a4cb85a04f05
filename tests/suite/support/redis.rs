//! A real redis-server of the tests' own, on loopback and on a Unix socket, in a folder of its own: durable on every commit
//! unless other settings are chosen. It ends when it is dropped, and with the test process however that ends.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::sleep;
use std::time::{Duration, Instant};

use redis::{FromRedisValue, RedisResult};
use tempfile::TempDir;

/// How long a server may take to serve.
const START: Duration = Duration::from_secs(20);

/// Numbered databases of a server: a bench of the shared one has its own.
const DATABASES: u32 = 2_048;

/// Ends the server when nobody holds the other end of its standard input any more.
const KEEPER: &str = r#""$@" & server=$!; echo $server; cat >/dev/null; kill -KILL $server 2>/dev/null; wait"#;

pub(crate) struct RedisServer {
    folder: TempDir,
    settings: Vec<(String, String)>,
    port: u16,
    running: Option<Running>,
    /// How often it was started: each start has a log of its own.
    starts: u32,
    used: AtomicU32,
}

/// How a start went.
enum Started {
    Serves,
    PortTaken,
    /// It was killed in the middle of a write, and rightly refuses to guess what was whole.
    TornLog,
}

struct Running {
    keeper: Child,
    server: u32,
}

impl RedisServer {
    /// Every commit on disk before its answer.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// With these settings over the usual ones.
    pub(crate) fn with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new().prefix("redis-").tempdir().expect("a folder");
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut server = Self { folder, settings, port: 0, running: None, starts: 0, used: AtomicU32::new(0) };
        server.restart();
        server
    }

    /// One for all who only need a database of their own; it lives as long as anybody has it.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<RedisServer>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade().filter(|server| server.used.load(Ordering::Relaxed) < DATABASES) {
            return server;
        }
        let server = Arc::new(Self::start());
        *shared = Arc::downgrade(&server);
        server
    }

    /// The number of a database nobody has used.
    pub(crate) fn database(&self) -> u32 {
        self.used.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The address of a database.
    pub(crate) fn url(&self, database: u32) -> String {
        let scheme = if self.speaks_tls() { "rediss" } else { "redis" };
        format!("{scheme}://127.0.0.1:{}/{database}", self.port)
    }

    /// Whether it was given a certificate: then it listens to nobody in clear text.
    fn speaks_tls(&self) -> bool {
        self.settings.iter().any(|(name, _)| name == "tls-cert-file")
    }

    /// The same by the Unix socket.
    pub(crate) fn unix_url(&self, database: u32) -> String {
        format!("redis+unix://{}?db={database}", self.path("redis.sock"))
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.running.as_ref().expect("running").server
    }

    /// Asks a database something.
    pub(crate) fn ask<T: FromRedisValue>(&self, database: u32, words: &[&str]) -> T {
        self.try_ask(database, words).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    pub(crate) fn try_ask<T: FromRedisValue>(&self, database: u32, words: &[&str]) -> RedisResult<T> {
        let client = redis::Client::open(self.unix_url(database))?;
        let mut connection = client.get_connection_with_timeout(START)?;
        redis::cmd(words[0]).arg(&words[1..]).query(&mut connection)
    }

    /// Changes a setting of the running server.
    pub(crate) fn set(&self, name: &str, value: &str) {
        let () = self.ask(0, &["CONFIG", "SET", name, value]);
    }

    /// Kills it as a failure of the process would; what is on disk stays.
    pub(crate) fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            signal("KILL", running.server);
            running.end();
        }
    }

    /// Stops it from doing anything until [`RedisServer::thaw`].
    pub(crate) fn freeze(&self) {
        signal("STOP", self.pid());
    }

    pub(crate) fn thaw(&self) {
        signal("CONT", self.pid());
    }

    /// Starts it on what is on disk, at the address it had.
    pub(crate) fn restart(&mut self) {
        self.kill();
        for _ in 0..5 {
            if self.port == 0 {
                self.port = free_port();
            }
            self.starts += 1;
            self.running = Some(self.spawn());
            let started = self.wait_until_it_serves();
            match started {
                Started::Serves => return,
                Started::PortTaken => {
                    self.kill();
                    self.port = 0;
                }
                Started::TornLog => {
                    self.kill();
                    self.repair();
                }
            }
        }
        panic!("redis-server does not start: {}", self.log());
    }

    /// Removes what is on disk; to be called while it does not run.
    pub(crate) fn lose_its_data(&mut self) {
        assert!(self.running.is_none(), "it still runs");
        for name in ["appendonlydir", "dump.rdb"] {
            let path = self.folder.path().join(name);
            let _ = std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path));
        }
    }

    /// All it has logged since it was started last.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> String {
        self.path(&format!("log.{}", self.starts))
    }

    /// Takes the unfinished write off the end of its log, as its operator would.
    fn repair(&self) {
        let server = std::env::var_os("AIGUILLEUR_REDIS_SERVER").map(std::path::PathBuf::from).unwrap_or_default();
        let repair = Command::new(server.with_file_name("redis-check-aof"))
            .arg("--fix")
            .arg(self.path("appendonlydir/appendonly.aof.manifest"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut repair = repair.expect("redis-check-aof stands beside redis-server");
        repair.stdin.take().expect("piped").write_all(b"y\n").expect("it asks");
        let said = repair.wait_with_output().expect("it ends");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
    }

    /// Where its files are.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("a readable path").to_owned()
    }

    fn spawn(&self) -> Running {
        let program = std::env::var_os("AIGUILLEUR_REDIS_SERVER").unwrap_or_else(|| "redis-server".into());
        let (port, databases, folder) = (self.port.to_string(), DATABASES.to_string(), self.path(""));
        let (socket, log) = (self.path("redis.sock"), self.log_path());
        let listen =
            if self.speaks_tls() { vec![("port", "0"), ("tls-port", &port)] } else { vec![("port", port.as_str())] };
        let usual = [
            ("bind", "127.0.0.1"),
            ("unixsocket", &socket),
            ("unixsocketperm", "700"),
            ("dir", &folder),
            ("logfile", &log),
            ("databases", &databases),
            ("save", ""),
            ("appendonly", "yes"),
            ("appendfsync", "always"),
            ("aof-load-truncated", "no"),
            ("maxmemory-policy", "noeviction"),
        ];
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keeper"]).arg(program);
        let chosen = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in listen.into_iter().chain(usual).chain(chosen) {
            command.arg(format!("--{name}")).arg(value);
        }
        let mut keeper =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a shell starts");
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().expect("piped")).read_line(&mut line).expect("readable");
        Running { keeper, server: line.trim().parse().expect("the number of a process") }
    }

    fn wait_until_it_serves(&self) -> Started {
        let give_up = Instant::now() + START;
        while Instant::now() < give_up {
            // Who may not ask is answered too.
            match self.try_ask::<redis::Value>(0, &["PING"]) {
                Err(error) if error.is_io_error() || error.code() == Some("LOADING") => {}
                Ok(_) | Err(_) => return Started::Serves,
            }
            let log = self.log();
            if log.contains("Address already in use") {
                return Started::PortTaken;
            }
            if log.contains("Unexpected end of file reading the append only file") {
                return Started::TornLog;
            }
            sleep(Duration::from_millis(10));
        }
        panic!("redis-server does not serve: {}", self.log());
    }
}

impl Running {
    /// The keeper sees its input end, makes sure that the server has ended, and ends.
    fn end(mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn signal(name: &str, process: u32) {
    // It may have ended by itself.
    let _ = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).stderr(Stdio::null()).status();
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}
