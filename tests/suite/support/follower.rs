//! A console that follows the live updates of a node, and comes back to it with the last `id` it saw whenever the line breaks.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use super::nodes::Nodes;

/// What a console saw.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    /// Events seen.
    pub(crate) events: usize,
    /// How often it was told to read everything again.
    pub(crate) resets: usize,
    /// How often it came back.
    pub(crate) returns: usize,
    /// Where an event did not follow the one before it.
    pub(crate) gaps: Vec<String>,
    last: Option<u64>,
    last_id: Option<String>,
}

/// Follows until told to stop.
pub(crate) async fn follow(nodes: Arc<Nodes>, place: usize, mut stop: watch::Receiver<bool>) -> Followed {
    let mut followed = Followed::default();
    loop {
        tokio::select! {
            () = listen(&nodes, place, &mut followed) => {}
            _ = stop.wait_for(|stop| *stop) => return followed,
        }
        followed.returns += 1;
        tokio::select! {
            () = sleep(Duration::from_millis(50)) => {}
            _ = stop.wait_for(|stop| *stop) => return followed,
        }
    }
}

/// One connection, to its end.
async fn listen(nodes: &Nodes, place: usize, followed: &mut Followed) {
    let api = nodes.node(place);
    let mut request = api.client.get(api.url("/events")).bearer_auth(api.key("demo-operator"));
    if let Some(id) = &followed.last_id {
        request = request.header("Last-Event-ID", id);
    }
    let Ok(mut answer) = request.send().await else { return };
    if answer.status() != 200 {
        return;
    }
    let mut text = String::new();
    while let Ok(Some(piece)) = answer.chunk().await {
        text.push_str(&String::from_utf8_lossy(&piece));
        while let Some((message, rest)) = text.split_once("\n\n") {
            followed.take(message);
            text = rest.to_owned();
        }
    }
}

impl Followed {
    fn take(&mut self, message: &str) {
        let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(name).map(str::trim));
        let (Some(id), Some(event)) = (field("id:"), field("event:")) else { return };
        // An id begins with the number of its event.
        let digits = id.find(|c: char| !c.is_ascii_digit()).unwrap_or(id.len());
        let seq: u64 = id[..digits].parse().expect("an id begins with a number");
        if event == "reset" {
            self.resets += 1;
        } else {
            self.events += 1;
            if let Some(last) = self.last.filter(|last| last + 1 != seq) {
                self.gaps.push(format!("event {seq} after {last}"));
            }
        }
        self.last = Some(seq);
        self.last_id = Some(id.to_owned());
    }
}
