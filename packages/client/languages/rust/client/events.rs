//! The WebSocket: heartbeat, reconnection with what was subscribed, events once each.

use super::errors::{Error, Result};
use super::models::{Envelope, WebSocketEvent};
use super::transport::{around_one, Transport};
use futures_util::{SinkExt, Stream, StreamExt};
use serde_json::{json, Value};
use std::collections::{HashSet, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{interval_at, sleep, timeout, Instant};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::{frame::coding::CloseCode, CloseFrame};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{connect_async, MaybeTlsStream, WebSocketStream};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Ids that are remembered, so that nothing is told twice after a replay.
const REMEMBERED: usize = 1000;
const LONGEST_DELAY: Duration = Duration::from_secs(60);
/// Events that wait for a slow reader before the connection waits too.
const WAITING: usize = 1024;

#[derive(Clone, Copy)]
pub(crate) struct SocketOptions {
    pub(crate) interval: Duration,
    pub(crate) attempts: u32,
    pub(crate) heartbeat: Duration,
}

/// Events as they come, over reconnections. It ends after `close`, or with an error when reconnecting has failed.
pub struct EventStream {
    events: mpsc::Receiver<Result<WebSocketEvent>>,
    orders: mpsc::UnboundedSender<Order>,
    running: JoinHandle<()>,
}

enum Order {
    Subscribe(Vec<String>),
    Close,
}

impl EventStream {
    /// Fails when the first connection does.
    pub(crate) async fn open(
        transport: Arc<Transport>,
        types: &[&str],
        options: SocketOptions,
    ) -> Result<Self> {
        let (told, events) = mpsc::channel(WAITING);
        let (orders, taken) = mpsc::unbounded_channel();
        let mut types: Vec<String> = types.iter().map(|&name| name.to_owned()).collect();
        types.dedup();
        let seen = (HashSet::new(), VecDeque::new());
        let mut keeper = Keeper { transport, types, options, told, orders: taken, last: None, seen };
        let socket = keeper.connect(false).await?;
        let running = tokio::spawn(async move { keeper.run(socket).await });
        Ok(EventStream { events, orders, running })
    }

    /// Adds types of events; they are kept over reconnections.
    pub fn subscribe(&self, types: &[&str]) {
        let names = types.iter().map(|&name| name.to_owned()).collect();
        // A stream that has ended has nobody to tell.
        let _ = self.orders.send(Order::Subscribe(names));
    }

    /// Ends the connection.
    pub async fn close(mut self) {
        let _ = self.orders.send(Order::Close);
        self.events.close();
        let _ = (&mut self.running).await;
    }
}

impl Stream for EventStream {
    type Item = Result<WebSocketEvent>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.events.poll_recv(context)
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Why a connection is over.
enum End {
    /// Wanted.
    Closed,
    /// With this close code, 1006 where there was none.
    Lost(u16),
}

struct Keeper {
    transport: Arc<Transport>,
    types: Vec<String>,
    options: SocketOptions,
    told: mpsc::Sender<Result<WebSocketEvent>>,
    orders: mpsc::UnboundedReceiver<Order>,
    last: Option<String>,
    seen: (HashSet<String>, VecDeque<String>),
}

impl Keeper {
    async fn run(&mut self, socket: Socket) {
        let mut socket = socket;
        let mut refreshed = false;
        loop {
            let code = match self.listen(socket).await {
                End::Closed => return,
                End::Lost(code) => code,
            };
            log::info!("WebSocket closed with {code}");
            let refused = code == u16::from(CloseCode::Policy);
            if refused && refreshed {
                let message = "WebSocket: refused after a new token too";
                return self.fail(Error::local(Error::Authentication, "TOKEN_REVOKED", message)).await;
            }
            refreshed |= refused;
            socket = match self.reconnect(refused || code == 4001).await {
                Some(again) => again,
                None => return,
            };
        }
    }

    /// @returns nothing when it was closed meanwhile, or gave up
    async fn reconnect(&mut self, fresh: bool) -> Option<Socket> {
        let mut delay = self.options.interval;
        for attempt in 1..=self.options.attempts {
            let pause = sleep(delay.mul_f64(around_one()));
            tokio::pin!(pause);
            loop {
                tokio::select! {
                    () = &mut pause => break,
                    order = self.orders.recv() => match order {
                        Some(Order::Subscribe(names)) => { self.add(names); }
                        Some(Order::Close) | None => return None,
                    },
                }
            }
            match self.connect(fresh).await {
                Ok(socket) => return Some(socket),
                Err(error) => log::info!("WebSocket attempt {attempt}: {error}"),
            }
            delay = delay.mul_f64(1.5).min(LONGEST_DELAY);
        }
        log::warn!("WebSocket: gave up after {} attempts", self.options.attempts);
        let message = format!("WebSocket: no connection after {} attempts", self.options.attempts);
        self.fail(Error::local(Error::Network, "NETWORK_ERROR", message)).await;
        None
    }

    async fn connect(&self, fresh: bool) -> Result<Socket> {
        let token = self.transport.session.token(&self.transport, fresh).await?;
        let address = format!("ws{}/ws", self.transport.root.trim_start_matches("http"));
        let failed = |words: String| Error::local(Error::Network, "NETWORK_ERROR", format!("{address}: {words}"));
        let mut url = reqwest::Url::parse(&address).map_err(|error| failed(error.to_string()))?;
        if !self.types.is_empty() {
            url.query_pairs_mut().append_pair("events", &self.types.join(","));
        }
        if let Some(last) = &self.last {
            url.query_pairs_mut().append_pair("last_event_id", last);
        }
        let mut request =
            url.as_str().into_client_request().map_err(|error| failed(error.to_string()))?;
        let bearer = token.map_or(String::new(), |token| format!(", bearer.{token}"));
        let protocols = HeaderValue::from_str(&format!("provisioning.v1{bearer}"))
            .map_err(|_| failed("the token cannot be a header".into()))?;
        request.headers_mut().insert("sec-websocket-protocol", protocols);
        let (socket, _) = connect_async(request).await.map_err(|error| failed(error.to_string()))?;
        Ok(socket)
    }

    /// Takes frames until the connection ends.
    async fn listen(&mut self, mut socket: Socket) -> End {
        let SocketOptions { heartbeat, .. } = self.options;
        let mut beat = interval_at(Instant::now() + heartbeat, heartbeat);
        let mut silent = Instant::now() + 2 * heartbeat;
        loop {
            tokio::select! {
                order = self.orders.recv() => match order {
                    Some(Order::Subscribe(names)) => {
                        let added = self.add(names);
                        let frame = json!({ "type": "subscribe", "events": added });
                        let _ = socket.send(Message::text(frame.to_string())).await;
                    }
                    Some(Order::Close) | None => {
                        let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
                        let _ = timeout(Duration::from_secs(1), socket.close(Some(frame))).await;
                        return End::Closed;
                    }
                },
                _ = beat.tick() => {
                    let ping = json!({ "type": "ping" }).to_string();
                    if socket.send(Message::text(ping)).await.is_err() {
                        return End::Lost(1006);
                    }
                }
                () = tokio::time::sleep_until(silent) => return End::Lost(1006),
                message = socket.next() => {
                    silent = Instant::now() + 2 * heartbeat;
                    match message {
                        Some(Ok(Message::Text(text))) => self.take(&mut socket, &text).await,
                        Some(Ok(Message::Close(frame))) => {
                            return End::Lost(frame.map_or(1006, |frame| frame.code.into()));
                        }
                        Some(Ok(_)) => {}
                        Some(Err(_)) | None => return End::Lost(1006),
                    }
                }
            }
        }
    }

    async fn take(&mut self, socket: &mut Socket, text: &str) {
        let Ok(mut frame) = serde_json::from_str::<Value>(text) else {
            return;
        };
        match frame["type"].as_str() {
            Some("batch") => {
                for event in frame["events"].as_array_mut().map(std::mem::take).unwrap_or_default() {
                    self.tell(event).await;
                }
            }
            Some("token_expiring") => {
                if let Ok(token) = self.transport.session.authenticate(&self.transport, true).await {
                    let answer = json!({ "type": "auth", "token": token });
                    let _ = socket.send(Message::text(answer.to_string())).await;
                }
            }
            Some("error") => log::warn!("WebSocket: {}", frame["message"].as_str().unwrap_or_default()),
            _ if frame.get("event_type").is_some() => self.tell(frame).await,
            _ => {}
        }
    }

    async fn tell(&mut self, event: Value) {
        let Ok(envelope) = serde_json::from_value::<Envelope>(event) else {
            return;
        };
        if let Some(id) = &envelope.id {
            let (known, order) = &mut self.seen;
            if !known.insert(id.clone()) {
                return;
            }
            order.push_back(id.clone());
            if order.len() > REMEMBERED {
                order.pop_front().map(|oldest| known.remove(&oldest));
            }
            self.last = Some(id.clone());
        }
        // Nobody reads any more: the order to close is on its way.
        let _ = self.told.send(Ok(envelope.into())).await;
    }

    /// Gives those that are new.
    fn add(&mut self, names: Vec<String>) -> Vec<String> {
        let added: Vec<String> = names.into_iter().filter(|name| !self.types.contains(name)).collect();
        self.types.extend(added.iter().cloned());
        added
    }

    async fn fail(&self, error: Error) {
        let _ = self.told.send(Err(error)).await;
    }
}
