//! A line between a service and its Redis that can be cut, unplugged, stalled and slowed down: a TCP proxy on loopback.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the line does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Line {
    /// Every cut ends the connections there are.
    cuts: u64,
    /// Nobody gets through any more.
    unplugged: bool,
    /// What is sent to the server stays in the line.
    questions_stall: bool,
    /// What the server sends stays in the line.
    answers_stall: bool,
    /// Each piece waits so long.
    delay: Duration,
}

/// A line to a server; it ends when it is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    line: watch::Sender<Line>,
    listening: JoinHandle<()>,
}

impl Proxy {
    /// A line to a server on loopback.
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (line, seen) = watch::channel(Line::default());
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // Unplugged: the client finds the line closed at once.
                if seen.borrow().unplugged {
                    let _ = client.set_zero_linger();
                    continue;
                }
                let seen = seen.clone();
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await {
                        // An end that is lost is lost for both.
                        let _ = carry(client, server, seen).await;
                    }
                });
            }
        });
        Self { address, line, listening }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Ends every connection there is, what is under way included; new ones get through.
    pub(crate) fn cut(&self) {
        self.line.send_modify(|line| line.cuts += 1);
    }

    /// Ends every connection, and lets no new one through until [`Proxy::heal`].
    pub(crate) fn unplug(&self) {
        self.line.send_modify(|line| (line.cuts, line.unplugged) = (line.cuts + 1, true));
    }

    /// Keeps what is sent, in both directions, until [`Proxy::heal`].
    pub(crate) fn stall(&self) {
        self.line.send_modify(|line| (line.questions_stall, line.answers_stall) = (true, true));
    }

    /// Keeps what the server answers: what is asked of it happens.
    pub(crate) fn stall_answers(&self) {
        self.line.send_modify(|line| line.answers_stall = true);
    }

    /// Makes every piece wait so long.
    pub(crate) fn delay(&self, by: Duration) {
        self.line.send_modify(|line| line.delay = by);
    }

    /// Everything flows again, what was kept first.
    pub(crate) fn heal(&self) {
        self.line.send_modify(|line| *line = Line { cuts: line.cuts, ..Line::default() });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Carries bytes both ways until an end closes or the line is cut; a cut is a reset for both ends.
async fn carry(mut client: TcpStream, mut server: TcpStream, seen: watch::Receiver<Line>) -> io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let cuts = seen.borrow().cuts;
    let mut cut = seen.clone();
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let was_cut = tokio::select! {
        _ = cut.wait_for(|line| line.cuts != cuts) => true,
        _ = pump(from_client, to_server, seen.clone(), |line| line.questions_stall) => false,
        _ = pump(from_server, to_client, seen, |line| line.answers_stall) => false,
    };
    if was_cut {
        client.set_zero_linger()?;
        server.set_zero_linger()?;
    }
    Ok(())
}

/// Carries bytes one way, until their end.
async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut seen: watch::Receiver<Line>,
    stalls: fn(&Line) -> bool,
) -> io::Result<()> {
    let mut piece = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return Ok(());
        }
        let delay = seen.borrow().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if seen.wait_for(|line| !stalls(line)).await.is_err() {
            return Ok(());
        }
        to.write_all(&piece[..length]).await?;
    }
}
