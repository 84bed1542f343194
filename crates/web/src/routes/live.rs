//! Live update: tells the page that something was recorded; the page fetches what it shows again. No patient
//! data travels on this channel.

use crate::{server::Server, viewer::Viewer};
use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use std::convert::Infallible;
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};

/// The stream of positions.
pub async fn live(
    State(server): State<Server>,
    _viewer: Viewer,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let (sender, receiver) = tokio::sync::mpsc::channel::<u64>(8);
    let positions = server.app.subscribe();
    // The application's channel blocks; one thread waits on it and ends when the page has gone.
    std::thread::spawn(move || {
        loop {
            match positions.recv_timeout(std::time::Duration::from_secs(20)) {
                Ok(position) => {
                    if sender.blocking_send(position).is_err() {
                        return;
                    }
                }
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) if sender.is_closed() => return,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return,
            }
        }
    });
    let events = ReceiverStream::new(receiver)
        .map(|position| Ok(Event::default().event("recorded").data(position.to_string())));
    Sse::new(events).keep_alive(KeepAlive::default())
}
