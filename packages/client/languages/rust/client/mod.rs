//! The hand-written part of the Rust client of Provisioning's orchestrator; beside it stands what is generated from the
//! OpenAPI description.

mod errors;
mod events;
mod models;
mod session;
mod transport;
mod webhook;

pub use errors::{Details, Error, Result};
pub use events::EventStream;
pub use models::{Batch, Envelope, TaskStatus, WebSocketEvent, WorkflowTask};
pub use webhook::verify_webhook;

use events::SocketOptions;
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde::Serialize;
use serde_json::{json, Value};
use session::Session;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout_at, Instant};
use transport::{Call, Transport};

/// What a wait has unless it is told otherwise.
pub const DEFAULT_WAIT_TIMEOUT: Duration = Duration::from_secs(300);
pub const DEFAULT_POLL_INTERVAL: Duration = Duration::from_secs(5);

/// Levels of the API that this client knows, the best first.
const LEVELS: [&str; 3] = ["v3", "v2", "v1"];
/// Failed looks in a row that a wait bears.
const BORNE: u32 = 3;

/// Where the orchestrator is and who asks. It has no `Debug`: it holds the password.
#[derive(Clone)]
pub struct Config {
    pub base_url: String,
    /// Default `base_url`.
    pub auth_url: Option<String>,
    pub username: Option<String>,
    pub password: Option<String>,
    pub token: Option<String>,
    /// Of one request.
    pub timeout: Duration,
    /// In all.
    pub retry_attempts: u32,
    /// Before the second attempt.
    pub retry_delay: Duration,
    pub reconnect_interval: Duration,
    pub max_reconnect_attempts: u32,
    pub heartbeat_interval: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            base_url: "http://localhost:9090".into(),
            auth_url: None,
            username: None,
            password: None,
            token: None,
            timeout: Duration::from_secs(30),
            retry_attempts: 3,
            retry_delay: Duration::from_secs(1),
            reconnect_interval: Duration::from_secs(5),
            max_reconnect_attempts: 10,
            heartbeat_interval: Duration::from_secs(30),
        }
    }
}

/// The client of an orchestrator. Making one does no I/O. Whoever drops a future of it cancels that call.
#[derive(Clone)]
pub struct ProvisioningClient {
    transport: Arc<Transport>,
    socket: SocketOptions,
}

impl fmt::Debug for ProvisioningClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ProvisioningClient({})", self.transport.root)
    }
}

impl ProvisioningClient {
    pub fn new(config: Config) -> Self {
        let auth = config.auth_url.as_deref().unwrap_or(&config.base_url);
        let session = Session::new(config.username, config.password, config.token);
        let retry = (config.retry_attempts, config.retry_delay);
        ProvisioningClient {
            transport: Arc::new(Transport::new((&config.base_url, auth), session, config.timeout, retry)),
            socket: SocketOptions {
                interval: config.reconnect_interval,
                attempts: config.max_reconnect_attempts,
                heartbeat: config.heartbeat_interval,
            },
        }
    }

    /// A token that is good.
    pub async fn authenticate(&self) -> Result<String> {
        self.transport.session.authenticate(&self.transport, false).await
    }

    /// Gives the id of its task.
    pub async fn create_server_workflow(&self, config: &impl Serialize) -> Result<String> {
        self.create("/workflows/servers/create", as_body(config)?).await
    }

    /// Gives the id of its task; `operation` is `create` unless told otherwise.
    pub async fn create_taskserv_workflow(&self, config: &impl Serialize) -> Result<String> {
        self.create("/workflows/taskserv/create", with_operation(as_body(config)?)).await
    }

    /// Gives the id of its task; `operation` is `create` unless told otherwise.
    pub async fn create_cluster_workflow(&self, config: &impl Serialize) -> Result<String> {
        self.create("/workflows/cluster/create", with_operation(as_body(config)?)).await
    }

    pub async fn get_task_status(&self, id: &str) -> Result<WorkflowTask> {
        self.get(&format!("/tasks/{}", segment(id)), Call::default()).await
    }

    /// All pages; `page` is the size of one.
    pub async fn list_tasks(&self, status: Option<TaskStatus>, page: Option<u32>) -> Result<Vec<WorkflowTask>> {
        let mut tasks = Vec::new();
        let mut query: Vec<(String, String)> = Vec::new();
        query.extend(status.map(|status| ("status".into(), status.as_str().into())));
        query.extend(page.map(|size| ("limit".into(), size.to_string())));
        loop {
            let call = Call { query, ..Call::default() };
            let (data, headers) = self.transport.call(Method::GET, "/tasks", call).await?;
            tasks.extend(parsed::<Vec<WorkflowTask>>(data)?);
            let links = headers.get("link").and_then(|value| value.to_str().ok()).unwrap_or_default();
            match next_page(links) {
                Some(following) => query = following,
                None => return Ok(tasks),
            }
        }
    }

    /// Looks until the task has ended: every 5 s and for 300 s where nothing else is given; a time limit of zero is none.
    pub async fn wait_for_task_completion(
        &self,
        id: &str,
        timeout: Option<Duration>,
        poll_interval: Option<Duration>,
    ) -> Result<WorkflowTask> {
        let limit = timeout.unwrap_or(DEFAULT_WAIT_TIMEOUT);
        let wait = self.wait(id, poll_interval.unwrap_or(DEFAULT_POLL_INTERVAL));
        if limit.is_zero() {
            return wait.await;
        }
        timeout_at(Instant::now() + limit, wait).await.unwrap_or_else(|_| {
            let message = format!("Task {id} did not complete within {limit:?}");
            Err(Error::local(Error::Timeout, "TIMEOUT", message))
        })
    }

    /// Starts a batch; its operations have their fields flat or under `config`.
    pub async fn execute_batch_operation(&self, config: &impl Serialize) -> Result<Batch> {
        let call = Call { body: Some(as_body(config)?), ..Call::default() };
        parsed(self.transport.call(Method::POST, "/batch/execute", call).await?.0)
    }

    pub async fn get_batch_status(&self, id: &str) -> Result<Batch> {
        self.get(&format!("/batch/operations/{}", segment(id)), Call::default()).await
    }

    pub async fn cancel_batch_operation(&self, id: &str) -> Result<()> {
        let path = format!("/batch/operations/{}/cancel", segment(id));
        self.transport.call(Method::POST, &path, Call::default()).await.map(|_| ())
    }

    pub async fn get_system_health(&self) -> Result<Value> {
        self.get("/state/system/health", Call::default()).await
    }

    pub async fn get_system_metrics(&self) -> Result<Value> {
        self.get("/state/system/metrics", Call::default()).await
    }

    /// The stream of events of these types; without any, of all.
    pub async fn connect_websocket(&self, types: &[&str]) -> Result<EventStream> {
        EventStream::open(self.transport.clone(), types, self.socket).await
    }

    /// The highest level that both sides know.
    pub async fn negotiate_version(&self) -> Result<&'static str> {
        let call = Call { anonymous: true, ..Call::default() };
        let versions: Value = self.get("/api/versions", call).await?;
        let offered = versions["api"]["levels"].as_array().cloned().unwrap_or_default();
        LEVELS.into_iter().find(|&level| offered.iter().any(|name| name == level)).ok_or_else(|| {
            let known = LEVELS.join(", ");
            let message = format!("No common API level: the server has {offered:?}, this client {known}");
            Error::local(Error::UnsupportedVersion, "UNSUPPORTED_VERSION", message)
        })
    }

    async fn wait(&self, id: &str, poll_interval: Duration) -> Result<WorkflowTask> {
        let path = format!("/tasks/{}", segment(id));
        let mut failures = 0;
        loop {
            let call = Call { once: true, ..Call::default() };
            match self.get::<WorkflowTask>(&path, call).await {
                Ok(task) if task.status.is_final() => return Ok(task),
                Ok(_) => failures = 0,
                Err(error) => {
                    failures += 1;
                    let passing = error.is_server_error() || matches!(error, Error::Network(_) | Error::Timeout(_));
                    if failures > BORNE || !passing {
                        return Err(error);
                    }
                }
            }
            sleep(poll_interval).await;
        }
    }

    async fn create(&self, path: &str, body: Value) -> Result<String> {
        let call = Call { body: Some(body), ..Call::default() };
        let (data, _) = self.transport.call(Method::POST, path, call).await?;
        let id = data.as_str().or_else(|| data["task_id"].as_str());
        id.map(str::to_owned).ok_or_else(|| Error::local(Error::Protocol, "PROTOCOL_ERROR", "no task id in the answer"))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, call: Call) -> Result<T> {
        parsed(self.transport.call(Method::GET, path, call).await?.0)
    }
}

fn parsed<T: DeserializeOwned>(data: Value) -> Result<T> {
    serde_json::from_value(data)
        .map_err(|error| Error::local(Error::Protocol, "PROTOCOL_ERROR", format!("the answer: {error}")))
}

fn as_body(config: &impl Serialize) -> Result<Value> {
    serde_json::to_value(config)
        .map_err(|error| Error::local(Error::Validation, "VALIDATION_FAILED", error.to_string()))
}

fn with_operation(mut body: Value) -> Value {
    if body.get("operation").is_none() && body.is_object() {
        body["operation"] = json!("create");
    }
    body
}

/// The query of the page behind this one, from `Link`.
fn next_page(links: &str) -> Option<Vec<(String, String)>> {
    let link = links.split(',').find(|link| link.replace(' ', "").ends_with(r#";rel="next""#))?;
    let address = link.split_once('<')?.1.split_once('>')?.0;
    let base = reqwest::Url::parse("http://localhost").ok()?;
    let url = base.join(address).ok()?;
    Some(url.query_pairs().into_owned().collect())
}

/// An id as a part of a path.
fn segment(id: &str) -> String {
    let mut url = reqwest::Url::parse("http://localhost").expect("a URL");
    url.path_segments_mut().expect("a path").push(id);
    url.path().trim_start_matches('/').to_owned()
}
