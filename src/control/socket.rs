//! The socket file: one service per data folder, a file left by a crash taken over, nobody else let in.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use anyhow::{Context as _, bail};
use tokio::task::JoinHandle;

use super::{Running, routes, unknown};

/// The socket file inside a data folder.
pub(super) const FILE: &str = "control.sock";

/// Held by the service of a data folder as long as it runs.
const LOCK: &str = "control.lock";

/// Longest path of a socket, bytes: what the system's address of one holds, less its closing zero.
const PATH_BYTES_MAX: usize = 107;

/// A data folder taken: no other service commands it while this lives.
#[derive(Debug)]
pub struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
    lock: File,
}

impl ControlSocket {
    /// Takes the data folder.
    ///
    /// # Errors
    /// When another service has it, or the socket cannot be made.
    pub fn take(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        if path.as_os_str().len() > PATH_BYTES_MAX {
            bail!(
                "service.data : {} est un chemin trop long pour une prise de commande ({PATH_BYTES_MAX} octets au plus) : \
                 choisissez un dossier plus proche de la racine",
                path.display()
            );
        }
        let lock = File::create(folder.join(LOCK)).and_then(|lock| private(lock, folder.join(LOCK)));
        let lock = lock.with_context(|| format!("le dossier {} ne peut pas être pris", folder.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(
                "un service tient déjà le dossier {} : arrêtez-le, ou voyez-le par « aiguilleur status »",
                folder.display()
            ),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("le dossier {} ne peut pas être pris", folder.display()));
            }
        }
        // Whoever left a file there is gone: its lock is ours.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("{} ne peut pas être remplacé", path.display()));
            }
            _ => {}
        }
        let listener =
            UnixListener::bind(&path).with_context(|| format!("{} ne peut pas être fait", path.display()))?;
        // The folder lets nobody else in; the file need not either.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, path, lock })
    }

    /// Answers commands from now on.
    ///
    /// # Errors
    /// When the socket cannot be listened to.
    pub fn listen(self, running: Arc<Running>) -> io::Result<Listening> {
        let running = web::Data::from(running);
        let app = move || App::new().app_data(running.clone()).configure(routes).default_service(web::to(unknown));
        let server = HttpServer::new(app).workers(1).disable_signals().listen_uds(self.listener)?.run();
        let handle = server.handle();
        Ok(Listening { served: tokio::spawn(server), handle, path: self.path, _lock: self.lock })
    }
}

fn private(file: File, path: PathBuf) -> io::Result<File> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(file)
}

/// A service that answers commands.
#[derive(Debug)]
pub struct Listening {
    served: JoinHandle<io::Result<()>>,
    handle: ServerHandle,
    path: PathBuf,
    _lock: File,
}

impl Listening {
    /// Ends when the commands it accepted have ended.
    pub async fn stop(self) {
        self.handle.stop(true).await;
        let _ = self.served.await;
        let _ = fs::remove_file(&self.path);
    }
}
