//! Live updates as server-sent events: identifiers and operational facts. Whoever reconnects with the last `id` they saw misses
//! nothing and sees nothing twice, or is told to read everything again (`reset`).

use std::convert::Infallible;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::Reply;
use super::extract::{At, Query};
use super::problem::{Problem, Slug};
use super::rights::Live as MayFollow;
use super::state::StreamPlace;
use crate::domain::{EventKind, RecordedEvent, Role, Rpps};
use crate::views::{Live, LiveCursor, LiveStream};

/// A comment at least so often: a broken line shows, and proxies keep the connection.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What a browser waits before it connects again, milliseconds.
const RECONNECT_MS: u32 = 2_000;

/// `GET T/events`.
pub(super) async fn follow(request: HttpRequest, at: At<MayFollow>, query: Query) -> Reply {
    let asked = query.read(|f| Some(f.optional("last_event_id", |item| item.str().map(str::to_owned))))?;
    let header = request.headers().get("last-event-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let place = at.state.stream_place().ok_or_else(|| {
        Problem::new(Slug::TooManyRequests, "Trop de suivis en direct sont ouverts : fermez-en, puis réessayez.")
            .retry_after(30)
    })?;
    // An id that is not ours is one we cannot resume from: the stream begins with a reset.
    let (after, foreign) = match header.or(asked).filter(|id| !id.is_empty()).map(|id| id.parse::<LiveCursor>()) {
        Some(Ok(cursor)) => (Some(cursor), false),
        Some(Err(_)) => (None, true),
        None => (None, false),
    };
    let live = at.booking.view.subscribe(after);
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut greeting = format!("retry: {RECONNECT_MS}\n: en direct\n\n");
    if foreign {
        greeting.push_str(&reset(live.cursor()));
    }
    let own = at.caller.rpps();
    let following = Following {
        greeting: Some(greeting),
        live,
        heartbeat,
        stopping: at.state.stopping(),
        accounts: at.state.identity.changes(),
        own,
        at,
        _place: place,
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(stream::unfold(following, |mut following| async {
            let text = following.next().await?;
            Some((Ok::<_, Infallible>(Bytes::from(text)), following))
        })))
}

/// One subscriber.
struct Following {
    greeting: Option<String>,
    live: LiveStream,
    heartbeat: tokio::time::Interval,
    stopping: watch::Receiver<bool>,
    accounts: watch::Receiver<()>,
    own: Option<Rpps>,
    at: At<MayFollow>,
    _place: StreamPlace,
}

impl Following {
    /// The next piece of text; none when the service stops, and when the caller's key is no more.
    async fn next(&mut self) -> Option<String> {
        if let Some(greeting) = self.greeting.take() {
            return Some(greeting);
        }
        while self.still_stands() {
            let item = tokio::select! {
                _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                _ = self.accounts.changed() => continue,
                _ = self.heartbeat.tick() => return Some(": \n\n".to_owned()),
                item = self.live.next() => item?,
            };
            match item {
                Live::Event(event) if !self.may_see(&event) => {}
                Live::Event(event) => return Some(self.message(&event)),
                Live::Reset(cursor) => return Some(reset(&cursor)),
            }
        }
        None
    }

    fn still_stands(&self) -> bool {
        self.at.state.identity.still_stands(&self.at.caller, self.at.booking.now())
    }

    /// Practitioners follow their own slots, appointments and proposals; the others everything, but who looks for a médecin
    /// traitant is the coordinator's business alone.
    fn may_see(&self, event: &RecordedEvent) -> bool {
        match self.own {
            Some(_) => event.event.concerns.practitioner == self.own,
            None => name_of(event.event.kind) != ATTACHMENT || self.at.caller.role() == Role::Coordinator,
        }
    }

    fn message(&self, event: &RecordedEvent) -> String {
        let shown = self.at.showing().event(event);
        let data = serde_json::to_string(&shown).expect("identifiers and codes are always JSON");
        let id = LiveCursor { seq: event.seq, chain: event.chain.clone() };
        format!("id: {id}\nevent: {}\ndata: {data}\n\n", name_of(event.event.kind))
    }
}

/// The name of events about the médecin traitant.
const ATTACHMENT: &str = "mt";

/// The name a subscriber listens for: the subject, one for all of the médecin traitant.
fn name_of(kind: EventKind) -> &'static str {
    match kind.subject() {
        "registration" | "proposal" | "places" => ATTACHMENT,
        subject => subject,
    }
}

fn reset(cursor: &LiveCursor) -> String {
    format!("id: {cursor}\nevent: reset\ndata: {{\"seq\":{}}}\n\n", cursor.seq)
}
