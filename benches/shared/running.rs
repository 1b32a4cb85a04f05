//! A service on threads of its own, arranged as the program arranges them: one for what follows and wakes, two for calls, one
//! for the store. Its log is written as in production, to a file.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

use aiguilleur::booking::{Booking, Parts, Policy, Vault};
use aiguilleur::domain::Territory;
use aiguilleur::geography::travel::RoadModel;
use aiguilleur::http::{self, AppState, Limits};
use aiguilleur::identity::{Identity, SigningKey};
use aiguilleur::observability::Metrics;
use aiguilleur::seal::{Fingerprinter, MacKey, Sealer};
use aiguilleur::store::Store;
use aiguilleur::triage::Pack;
use aiguilleur::views;
use futures_util::future::BoxFuture;
use tokio::sync::{oneshot, watch};
use tracing_subscriber::EnvFilter;

/// Opens the store a service is to live in.
pub(crate) type Opening = Box<dyn FnOnce() -> BoxFuture<'static, Arc<dyn Store>> + Send>;

/// A running service; ended when it is dropped.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts it and waits until it serves. `by_itself`: holds end and plans are made without being asked.
    pub(crate) fn start(store: Opening, territories: Vec<Territory>, sealer: Arc<Sealer>, by_itself: bool) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (serving, address) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let store = store().await;
                let (end, ended) = watch::channel(false);
                let pack = Arc::new(Pack::general().clone());
                let mut bookings = Vec::new();
                for territory in territories {
                    bookings.push(open(store.clone(), territory, &pack, &sealer, ended.clone()).await);
                }
                for booking in bookings.iter().filter(|_| by_itself) {
                    tokio::spawn(booking.clone().sweep(ended.clone()));
                    tokio::spawn(booking.clone().replan(ended.clone()));
                }
                let state = AppState::new(http::Parts {
                    territories: bookings,
                    identity: Identity::new(SigningKey::new([7; 32]), [], true),
                    fingerprinter: Fingerprinter::new(MacKey::generate().expect("randomness")),
                    metrics: Metrics::of_this_process(),
                    limits: Limits::demo(),
                    secure_cookies: false,
                });
                let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
                serving.send(listener.local_addr().expect("an address")).expect("somebody waits");
                let told = async {
                    let _ = stopped.await;
                };
                http::serve(listener, Arc::new(state), told).await.expect("served to the end");
                end.send_replace(true);
            });
        });
        let address = address.recv().expect("the service starts");
        Self { address, stop: Some(stop), thread: Some(thread) }
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

async fn open(
    store: Arc<dyn Store>,
    territory: Territory,
    pack: &Arc<Pack>,
    sealer: &Arc<Sealer>,
    ended: watch::Receiver<bool>,
) -> Arc<Booking> {
    let vault = Vault::new(store.clone(), sealer.clone(), territory.id.clone());
    let facts = Arc::new(vault.clone());
    let (view, _) = views::feed::start(store.clone(), facts, territory.id.clone(), ended).await.expect("a view");
    let travel = Arc::new(RoadModel);
    let (territory, pack, policy) = (Arc::new(territory), pack.clone(), Policy::default());
    Arc::new(Booking::new(Parts { territory, pack, view, policy, store, vault, travel }))
}

/// Has this process write its log to a file: what production says, in production's form, line by line.
pub(crate) fn log_as_in_production() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let file = File::create(folder.path().join("log")).expect("a file");
    let filter = EnvFilter::new("warn,aiguilleur=info");
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(Mutex::new(file)).json().init();
    folder
}
