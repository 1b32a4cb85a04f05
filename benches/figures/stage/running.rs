//! A service on threads of its own, arranged as the program arranges them: one for what follows and wakes, two for calls, one
//! for the store. Its log and its receipts are written as in production, to files.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

use aiguilleur::booking::Policy;
use aiguilleur::domain::Territory;
use aiguilleur::http::{self, AppState, Front, Limits};
use aiguilleur::identity::{Identity, SigningKey};
use aiguilleur::observability::Metrics;
use aiguilleur::receipts::Journal;
use aiguilleur::seal::{Fingerprinter, MacKey, Sealer};
use aiguilleur::service::{self, Service};
use aiguilleur::store::Store;
use aiguilleur::triage::Pack;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

/// Opens the store a service is to live in.
pub(crate) type Opening = Box<dyn FnOnce() -> BoxFuture<'static, Arc<dyn Store>> + Send>;

/// A running service; ended when it is dropped.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its receipts are in there.
    _folder: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts it and waits until it serves. `by_itself`: holds end and plans are made without being asked.
    pub(crate) fn start(store: Opening, territories: Vec<Territory>, sealer: Arc<Sealer>, by_itself: bool) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (serving, address) = mpsc::channel();
        let folder = tempfile::tempdir().expect("a folder");
        let receipts = Some(receipts_in(folder.path()));
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let store = store().await;
                let territories = territories.into_iter().map(Arc::new).collect();
                let pack = Arc::new(Pack::general().clone());
                let parts = service::Parts { store, sealer, territories, policy: Policy::default(), pack, receipts };
                let mut service = Service::open(parts).await.expect("a service");
                if by_itself {
                    service.run_timers();
                }
                let state = AppState::new(http::Parts {
                    territories: service.territories().to_vec(),
                    identity: Identity::new(SigningKey::new([7; 32]), [], true),
                    fingerprinter: Fingerprinter::new(MacKey::generate().expect("randomness")),
                    metrics: Metrics::of_this_process(),
                    limits: Limits::demo(),
                    front: Front::default(),
                    warnings: Vec::new(),
                });
                let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
                serving.send(listener.local_addr().expect("an address")).expect("somebody waits");
                let told = async {
                    let _ = stopped.await;
                };
                http::serve(listener, Arc::new(state), told).await.expect("served to the end");
            });
        });
        let address = address.recv().expect("the service starts");
        Self { address, _folder: folder, stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Receipts kept there, as long as a service keeps them unless it is told otherwise.
pub(crate) fn receipts_in(folder: &Path) -> Arc<Journal> {
    Journal::open(folder, 35).expect("a journal")
}

/// Has this process write its log to a file: what production says, in production's form, line by line.
pub(crate) fn log_as_in_production() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let file = File::create(folder.path().join("log")).expect("a file");
    let filter = EnvFilter::new("warn,aiguilleur=info");
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(Mutex::new(file)).json().with_span_list(false).init();
    folder
}
