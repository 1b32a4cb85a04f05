//! Telling systemd how the service does (`Type=notify`): one datagram per message, to the socket it names. Without one,
//! nobody is told.

use std::io;
use std::path::Path;

/// Whoever started the service and waits to hear from it.
#[derive(Debug)]
pub(super) struct Supervisor {
    #[cfg(unix)]
    socket: Option<std::os::unix::net::UnixDatagram>,
}

impl Supervisor {
    /// The one behind this socket.
    #[cfg(unix)]
    pub(super) fn behind(socket: Option<&Path>) -> Self {
        let connected = socket.map(connect).transpose();
        let socket = connected.unwrap_or_else(|error| {
            tracing::warn!(%error, "systemd cannot be told that the service is ready");
            None
        });
        Self { socket }
    }

    /// Elsewhere there is none.
    #[cfg(not(unix))]
    pub(super) fn behind(_socket: Option<&Path>) -> Self {
        Self {}
    }

    /// Every territory is loaded: calls are answered.
    pub(super) fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}"));
    }

    /// The service was told to stop.
    pub(super) fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=finishing the calls that were accepted");
    }

    #[cfg(unix)]
    fn tell(&self, message: &str) {
        if let Some(error) = self.socket.as_ref().and_then(|socket| socket.send(message.as_bytes()).err()) {
            tracing::warn!(%error, "systemd could not be told: {message}");
        }
    }

    #[cfg(not(unix))]
    fn tell(&self, _message: &str) {}
}

#[cfg(unix)]
fn connect(name: &Path) -> io::Result<std::os::unix::net::UnixDatagram> {
    let socket = std::os::unix::net::UnixDatagram::unbound()?;
    match name.to_str().and_then(|name| name.strip_prefix('@')) {
        Some(abstract_name) => connect_abstract(&socket, abstract_name)?,
        None => socket.connect(name)?,
    }
    Ok(socket)
}

/// A name that begins with `@` is no file: Linux alone has such sockets.
#[cfg(target_os = "linux")]
fn connect_abstract(socket: &std::os::unix::net::UnixDatagram, name: &str) -> io::Result<()> {
    use std::os::linux::net::SocketAddrExt as _;
    socket.connect_addr(&std::os::unix::net::SocketAddr::from_abstract_name(name)?)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn connect_abstract(_socket: &std::os::unix::net::UnixDatagram, _name: &str) -> io::Result<()> {
    Err(io::Error::other("abstract sockets exist on Linux only"))
}
