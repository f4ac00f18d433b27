//! What answers hold. Fields and values that a later server adds are kept and do no harm.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskStatus {
    Pending,
    Running,
    Completed,
    Failed,
    Cancelled,
    /// One that this client does not know.
    #[serde(other)]
    Unknown,
}

impl TaskStatus {
    pub fn is_final(self) -> bool {
        matches!(self, TaskStatus::Completed | TaskStatus::Failed | TaskStatus::Cancelled)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            TaskStatus::Pending => "Pending",
            TaskStatus::Running => "Running",
            TaskStatus::Completed => "Completed",
            TaskStatus::Failed => "Failed",
            TaskStatus::Cancelled => "Cancelled",
            TaskStatus::Unknown => "Unknown",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WorkflowTask {
    pub id: String,
    #[serde(default)]
    pub name: String,
    pub status: TaskStatus,
    pub created_at: Option<String>,
    pub started_at: Option<String>,
    pub completed_at: Option<String>,
    pub output: Option<String>,
    pub error: Option<String>,
    pub progress: Option<f64>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Batch {
    pub batch_id: String,
    pub status: TaskStatus,
    #[serde(default)]
    pub operations: Vec<Value>,
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// An event as the server sends it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope {
    pub id: Option<String>,
    pub event_type: String,
    pub timestamp: Option<String>,
    #[serde(default)]
    pub data: Value,
    #[serde(default)]
    pub metadata: Value,
}

macro_rules! events {
    ($($name:ident),*) => {
        /// An event by its type.
        #[derive(Debug, Clone)]
        pub enum WebSocketEvent {
            $($name(Envelope),)*
            /// A custom event, or one that this client does not know.
            Other(Envelope),
        }

        impl WebSocketEvent {
            pub fn envelope(&self) -> &Envelope {
                match self {
                    $(WebSocketEvent::$name(envelope) => envelope,)*
                    WebSocketEvent::Other(envelope) => envelope,
                }
            }
        }

        impl From<Envelope> for WebSocketEvent {
            fn from(envelope: Envelope) -> Self {
                match envelope.event_type.as_str() {
                    $(stringify!($name) => WebSocketEvent::$name(envelope),)*
                    _ => WebSocketEvent::Other(envelope),
                }
            }
        }
    };
}

events!(
    TaskStatusChanged,
    BatchOperationUpdate,
    WorkflowProgressUpdate,
    WorkflowStarted,
    WorkflowCompleted,
    WorkflowFailed,
    SystemHealthUpdate,
    ResourceCreated,
    ResourceDeleted,
    ConfigurationChanged,
    LogEntry,
    MetricUpdate
);
