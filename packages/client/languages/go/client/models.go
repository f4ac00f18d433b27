package client

import "encoding/json"

// TaskStatus of a later server may be another one than these.
type TaskStatus string

const (
	Pending   TaskStatus = "Pending"
	Running   TaskStatus = "Running"
	Completed TaskStatus = "Completed"
	Failed    TaskStatus = "Failed"
	Cancelled TaskStatus = "Cancelled"
)

// Final says whether a task of this status has ended.
func (s TaskStatus) Final() bool { return s == Completed || s == Failed || s == Cancelled }

// WorkflowTask is a unit of the queue.
type WorkflowTask struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	Status      TaskStatus `json:"status"`
	CreatedAt   string     `json:"created_at,omitempty"`
	StartedAt   string     `json:"started_at,omitempty"`
	CompletedAt string     `json:"completed_at,omitempty"`
	Output      string     `json:"output,omitempty"`
	Error       string     `json:"error,omitempty"`
	Progress    float64    `json:"progress"`
}

// CreateServerRequest asks for servers of an infrastructure.
type CreateServerRequest struct {
	Infra     string         `json:"infra,omitempty"`
	Settings  string         `json:"settings,omitempty"`
	Servers   []string       `json:"servers,omitempty"`
	CheckMode bool           `json:"check_mode,omitempty"`
	Wait      bool           `json:"wait,omitempty"`
	Workspace string         `json:"workspace,omitempty"`
	Labels    map[string]any `json:"labels,omitempty"`
}

// CreateTaskservRequest asks for a service on servers.
type CreateTaskservRequest struct {
	Operation string `json:"operation,omitempty"`
	Taskserv  string `json:"taskserv"`
	Infra     string `json:"infra,omitempty"`
	CheckMode bool   `json:"check_mode,omitempty"`
	Workspace string `json:"workspace,omitempty"`
}

// CreateClusterRequest asks for a cluster.
type CreateClusterRequest struct {
	Operation   string `json:"operation,omitempty"`
	ClusterType string `json:"cluster_type"`
	Infra       string `json:"infra,omitempty"`
	CheckMode   bool   `json:"check_mode,omitempty"`
	Workspace   string `json:"workspace,omitempty"`
}

// Batch is a workflow of several operations; an operation has its fields flat or under "config".
type Batch struct {
	BatchID    string           `json:"batch_id"`
	Status     TaskStatus       `json:"status"`
	Operations []map[string]any `json:"operations"`
}

// Event is something that happened. Types of a later server come as they are.
type Event struct {
	ID        string          `json:"id"`
	EventType string          `json:"event_type"`
	Timestamp string          `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
	Metadata  json.RawMessage `json:"metadata"`
}
