//! The Rust client behind commands as JSON lines.
use futures_util::StreamExt;
use provisioning_rs::client::{
    verify_webhook, Config, Details, Error, EventStream, ProvisioningClient, DEFAULT_POLL_INTERVAL,
    DEFAULT_WAIT_TIMEOUT,
};
use serde_json::{json, Value};
use std::fmt::Write as _;
use std::future::Future;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::task::JoinHandle;

/// Everything that the client logs.
static LOGGED: Mutex<String> = Mutex::new(String::new());
struct Memory;
impl log::Log for Memory {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        // What the libraries below log of handshakes is not the client's.
        if record.target().starts_with("provisioning_rs") {
            let _ = writeln!(LOGGED.lock().unwrap(), "{}", record.args());
        }
    }
    fn flush(&self) {}
}

#[derive(Default)]
struct Driver {
    client: Mutex<Option<ProvisioningClient>>,
    heard: Arc<Mutex<Vec<String>>>,
    stream: Mutex<Option<JoinHandle<()>>>,
    closing: Mutex<Option<tokio::sync::oneshot::Sender<()>>>,
}

fn seconds(value: &Value) -> Duration {
    Duration::from_secs_f64(value.as_f64().unwrap_or_default())
}

fn shown<T: serde::Serialize>(result: Result<T, Error>) -> Result<Value, Error> {
    result.map(|value| serde_json::to_value(value).expect("JSON"))
}

impl Driver {
    fn client(&self) -> ProvisioningClient {
        self.client.lock().unwrap().clone().expect("a client")
    }

    fn begin(&self, args: &Value) {
        let text = |name: &str| args[name].as_str().map(str::to_owned);
        let plain = Config::default();
        let duration = |name: &str, otherwise| args[name].as_f64().map_or(otherwise, Duration::from_secs_f64);
        self.heard.lock().unwrap().clear();
        *self.client.lock().unwrap() = Some(ProvisioningClient::new(Config {
            base_url: text("base_url").expect("base_url"),
            username: text("username"),
            password: text("password"),
            retry_attempts: args["retry_attempts"].as_u64().map_or(plain.retry_attempts, |count| count as u32),
            retry_delay: duration("retry_delay", plain.retry_delay),
            reconnect_interval: duration("reconnect_interval", plain.reconnect_interval),
            heartbeat_interval: duration("heartbeat_interval", plain.heartbeat_interval),
            ..plain
        }));
    }

    fn listen(&self, mut events: EventStream) {
        let heard = self.heard.clone();
        let (close, mut closed) = tokio::sync::oneshot::channel();
        *self.closing.lock().unwrap() = Some(close);
        *self.stream.lock().unwrap() = Some(tokio::spawn(async move {
            loop {
                tokio::select! {
                    event = events.next() => match event {
                        Some(Ok(event)) => {
                            heard.lock().unwrap().push(event.envelope().id.clone().unwrap_or_default());
                        }
                        _ => return,
                    },
                    _ = &mut closed => return events.close().await,
                }
            }
        }));
    }

    async fn run(&self, op: &str, args: &Value) -> Result<Value, Error> {
        let id = args["id"].as_str().unwrap_or_default();
        match op {
            "new" => self.begin(args),
            "task" => return shown(self.client().get_task_status(id).await),
            "many" => {
                let client = self.client();
                let all = (0..args["times"].as_u64().unwrap_or(1)).map(|_| client.get_task_status(id));
                let answers: Result<Vec<_>, _> = futures_util::future::join_all(all).await.into_iter().collect();
                return shown(answers);
            }
            "create_server" => return shown(self.client().create_server_workflow(&args["config"]).await),
            "defaults" => {
                let (timeout, poll) = (DEFAULT_WAIT_TIMEOUT.as_secs(), DEFAULT_POLL_INTERVAL.as_secs());
                return Ok(json!({ "timeout": timeout, "poll": poll }));
            }
            "wait" => {
                let (limit, poll) = (Some(seconds(&args["timeout"])), Some(seconds(&args["poll"])));
                return shown(self.client().wait_for_task_completion(id, limit, poll).await);
            }
            "tasks" => {
                let page = args["limit"].as_u64().map(|size| size as u32);
                let tasks = self.client().list_tasks(None, page).await?;
                return Ok(tasks.into_iter().map(|task| task.id).collect());
            }
            "version" => return shown(self.client().negotiate_version().await),
            "connect" => {
                let names = args["types"].as_array().cloned().unwrap_or_default();
                let types: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                self.listen(self.client().connect_websocket(&types).await?);
            }
            "events" => loop {
                let now = self.heard.lock().unwrap().clone();
                if now.len() as u64 >= args["count"].as_u64().unwrap_or_default() {
                    return Ok(json!(now));
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            },
            "disconnect" => {
                let close = self.closing.lock().unwrap().take().expect("a stream");
                let _ = close.send(());
                let task = self.stream.lock().unwrap().take().expect("a stream");
                let _ = task.await;
            }
            "batch" => return shown(self.client().execute_batch_operation(&args["config"]).await),
            "cancelled_wait" => {
                let client = self.client();
                let poll = Some(Duration::from_millis(50));
                tokio::select! {
                    task = client.wait_for_task_completion(id, Some(Duration::ZERO), poll) => return shown(task),
                    () = tokio::time::sleep(seconds(&args["after"])) => return Ok(json!({ "cancelled": true })),
                }
            }
            "described" => {
                let client = self.client();
                let logged = LOGGED.lock().unwrap().clone();
                return Ok(json!(format!("{logged}\n{client:?}\n{client:#?}")));
            }
            "webhook" => {
                let headers = args["headers"].as_object().cloned().unwrap_or_default();
                let pairs = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
                let (body, secret) = (args["body"].as_str().unwrap_or(""), args["secret"].as_str().unwrap_or(""));
                let now = UNIX_EPOCH + seconds(&args["now"]);
                return Ok(json!(verify_webhook(body, pairs, secret, now)));
            }
            _ => panic!("no such command: {op}"),
        }
        Ok(Value::Null)
    }
}

fn told(error: &Error) -> Value {
    let _ = writeln!(LOGGED.lock().unwrap(), "{error} {error:?}");
    let kind = match error {
        Error::Authentication(_) => "AuthenticationError",
        Error::MfaRequired(_) => "MfaRequiredError",
        Error::Permission(_) => "PermissionError",
        Error::Validation(_) => "ValidationError",
        Error::NotFound(_) => "NotFoundError",
        Error::Conflict(_) => "ConflictError",
        Error::RateLimit(_) => "RateLimitError",
        Error::Server(_) => "ServerError",
        Error::ServiceUnavailable(_) => "ServiceUnavailableError",
        Error::Network(_) => "NetworkError",
        Error::Timeout(_) => "TimeoutError",
        Error::UnsupportedVersion(_) => "UnsupportedVersionError",
        Error::Protocol(_) => "ProtocolError",
        Error::Other(_) => "ProvisioningAPIError",
    };
    let Details { status, code, message, details, request_id, retry_after, .. } = error.details();
    let retry_after = retry_after.map(|wait| wait.as_secs());
    json!({
        "type": kind, "status": status, "code": code, "message": message, "details": details,
        "request_id": request_id, "retry_after": retry_after,
    })
}

async fn answer(id: Value, work: impl Future<Output = Result<Value, Error>>) {
    let line = match work.await {
        Ok(value) if value["cancelled"] == true => json!({ "id": id, "error": { "type": "Cancelled" } }),
        Ok(value) => json!({ "id": id, "ok": value }),
        Err(error) => json!({ "id": id, "error": told(&error) }),
    };
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{line}");
    let _ = output.flush();
}

#[tokio::main]
async fn main() {
    log::set_logger(&Memory).expect("the first logger");
    log::set_max_level(log::LevelFilter::Debug);
    let driver = Arc::new(Driver::default());
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let command: Value = serde_json::from_str(&line).expect("a command");
        let driver = driver.clone();
        tokio::spawn(async move {
            let op = command["op"].as_str().unwrap_or_default();
            answer(command["id"].clone(), driver.run(op, &command["args"])).await;
        });
    }
}
