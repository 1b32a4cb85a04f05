//! Callers, as light as they can be and still real: each has one kept connection, sends a call, reads the answer, sends the
//! next. All of them share one thread; what it costs counts against the service, on the same cores.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A call and the status it must be answered with.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Path.
    pub(crate) path: String,
    /// JSON.
    pub(crate) body: String,
    /// Sent as the console sends one: so that the call may be sent again.
    pub(crate) key: String,
    /// Expected.
    pub(crate) status: u16,
}

impl Asked {
    /// Ready to be sent: what a caller prepares beforehand is not measured.
    pub(crate) fn prepared(self) -> Prepared {
        let call = Request::builder()
            .method(Method::POST)
            .uri(self.path)
            .header(HOST, "127.0.0.1")
            .header(AUTHORIZATION, "Bearer demo-operator")
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", self.key)
            .body(Full::from(self.body))
            .expect("a call");
        Prepared { call, status: self.status }
    }
}

/// A call that only has to be sent.
#[derive(Debug)]
pub(crate) struct Prepared {
    call: Request<Full<Bytes>>,
    status: u16,
}

/// One caller.
pub(crate) struct Caller {
    line: SendRequest<Full<Bytes>>,
}

impl Caller {
    /// Connects.
    pub(crate) async fn at(service: SocketAddr) -> Self {
        let socket = TcpStream::connect(service).await.expect("the service listens");
        socket.set_nodelay(true).expect("a socket");
        let (line, connection) = handshake(TokioIo::new(socket)).await.expect("a connection");
        tokio::spawn(connection);
        Self { line }
    }

    /// Calls and reads the answer.
    pub(crate) async fn ask(&mut self, prepared: Prepared) -> Duration {
        let began = Instant::now();
        self.line.ready().await.expect("a connection");
        let answer = self.line.send_request(prepared.call).await.expect("answered");
        let status = answer.status().as_u16();
        let text = answer.into_body().collect().await.expect("read").to_bytes();
        assert_eq!(status, prepared.status, "{}", String::from_utf8_lossy(&text));
        began.elapsed()
    }
}

/// Runs the jobs of these numbers, so many at once as there are workers, each doing one after the other; the time it took,
/// and what the jobs said.
pub(crate) async fn at_once<W, S, T>(workers: &mut Vec<W>, numbers: Range<usize>, job: S) -> (Duration, Vec<T>)
where
    W: Send + 'static,
    T: Send + 'static,
    S: AsyncFn(&mut W, usize) -> T + 'static,
{
    let (next, job) = (Arc::new(AtomicUsize::new(numbers.start)), std::rc::Rc::new(job));
    let here = tokio::task::LocalSet::new();
    let began = Instant::now();
    let tasks: Vec<_> = std::mem::take(workers)
        .into_iter()
        .map(|mut worker| {
            let (next, job) = (next.clone(), job.clone());
            here.spawn_local(async move {
                let mut said = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= numbers.end {
                        return (worker, said);
                    }
                    said.push(job(&mut worker, number).await);
                }
            })
        })
        .collect();
    here.await;
    let took = began.elapsed();
    let mut said = Vec::with_capacity(numbers.len());
    for task in tasks {
        let (worker, its_own) = task.await.expect("a job failed");
        workers.push(worker);
        said.extend(its_own);
    }
    (took, said)
}
