// Package client is the hand-written part of the Go client of Provisioning's orchestrator; beside it stands what is
// generated from the OpenAPI description.
package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What a wait has unless it is told otherwise.
const (
	DefaultWaitTimeout  = 300 * time.Second
	DefaultPollInterval = 5 * time.Second
)

// Failed looks in a row that a wait bears.
const borne = 3

// Levels of the API that this client knows, the best first.
var levels = []string{"v3", "v2", "v1"}

// Config says where the orchestrator is and who asks. The zero value of each field is its default.
type Config struct {
	// BaseURL, default http://localhost:9090.
	BaseURL string
	// AuthURL, default BaseURL.
	AuthURL                   string
	Username, Password, Token string
	// Timeout of one request, default 30 s.
	Timeout time.Duration
	// RetryAttempts in all, default 3; RetryDelay before the second, default 1 s.
	RetryAttempts int
	RetryDelay    time.Duration
	// ReconnectInterval, default 5 s; HeartbeatInterval, default 30 s; MaxReconnectAttempts, default 10.
	ReconnectInterval    time.Duration
	HeartbeatInterval    time.Duration
	MaxReconnectAttempts int
	// Logger, default none. Neither tokens nor passwords are logged.
	Logger *slog.Logger
}

// Client of an orchestrator. Making one does no I/O.
type Client struct {
	transport            *transport
	reconnectInterval    time.Duration
	heartbeatInterval    time.Duration
	maxReconnectAttempts int
}

// NewClient makes a client.
func NewClient(config *Config) *Client {
	base := strings.TrimRight(or(config.BaseURL, "http://localhost:9090"), "/")
	t := &transport{
		root:     base,
		auth:     strings.TrimRight(or(config.AuthURL, base), "/"),
		http:     &http.Client{Timeout: or(config.Timeout, 30*time.Second)},
		attempts: or(config.RetryAttempts, 3),
		delay:    or(config.RetryDelay, time.Second),
		logger:   or(config.Logger, slog.New(slog.DiscardHandler)),
	}
	t.session = &session{
		post: t.login, username: config.Username, password: config.Password, held: config.Token,
		expires: expiry(config.Token),
	}
	return &Client{
		transport:            t,
		reconnectInterval:    or(config.ReconnectInterval, 5*time.Second),
		heartbeatInterval:    or(config.HeartbeatInterval, 30*time.Second),
		maxReconnectAttempts: or(config.MaxReconnectAttempts, 10),
	}
}

// String keeps everything but the address out of what is printed.
func (c *Client) String() string   { return "provisioning client of " + c.transport.root }
func (c *Client) GoString() string { return c.String() }

// Authenticate returns a token that is good.
func (c *Client) Authenticate(ctx context.Context) (string, error) {
	return c.transport.session.authenticate(ctx, false)
}

// CreateServerWorkflow returns the id of its task.
func (c *Client) CreateServerWorkflow(ctx context.Context, request *CreateServerRequest) (string, error) {
	return c.create(ctx, "/workflows/servers/create", request)
}

// CreateTaskservWorkflow returns the id of its task.
func (c *Client) CreateTaskservWorkflow(ctx context.Context, request *CreateTaskservRequest) (string, error) {
	given := *request
	given.Operation = or(given.Operation, "create")
	return c.create(ctx, "/workflows/taskserv/create", given)
}

// CreateClusterWorkflow returns the id of its task.
func (c *Client) CreateClusterWorkflow(ctx context.Context, request *CreateClusterRequest) (string, error) {
	given := *request
	given.Operation = or(given.Operation, "create")
	return c.create(ctx, "/workflows/cluster/create", given)
}

// GetTaskStatus looks at a task.
func (c *Client) GetTaskStatus(ctx context.Context, id string) (*WorkflowTask, error) {
	return read[WorkflowTask](c, ctx, http.MethodGet, "/tasks/"+url.PathEscape(id), call{})
}

// ListTasks gives all pages; status may be empty.
func (c *Client) ListTasks(ctx context.Context, status TaskStatus) ([]WorkflowTask, error) {
	var tasks []WorkflowTask
	for task, err := range c.Tasks(ctx, status, 0) {
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, task)
	}
	return tasks, nil
}

var following = regexp.MustCompile(`<([^>]+)>;\s*rel="next"`)

// Tasks gives one task after the other, by pages of this size; 0 is the server's.
func (c *Client) Tasks(ctx context.Context, status TaskStatus, page int) iter.Seq2[WorkflowTask, error] {
	query := url.Values{}
	if status != "" {
		query.Set("status", string(status))
	}
	if page > 0 {
		query.Set("limit", strconv.Itoa(page))
	}
	return func(yield func(WorkflowTask, error) bool) {
		for query := query; query != nil; {
			data, header, err := c.transport.do(ctx, http.MethodGet, "/tasks", call{query: query})
			var tasks []WorkflowTask
			if err == nil {
				err = json.Unmarshal(data, &tasks)
			}
			if err != nil {
				yield(WorkflowTask{}, err)
				return
			}
			for _, task := range tasks {
				if !yield(task, nil) {
					return
				}
			}
			query = nil
			if next := following.FindStringSubmatch(header.Get("link")); next != nil {
				if address, err := url.Parse(next[1]); err == nil {
					query = address.Query()
				}
			}
		}
	}
}

// WaitForTaskCompletion looks every 5 s until the task has ended; 0 is 300 s. When ctx ends, the task goes on.
func (c *Client) WaitForTaskCompletion(ctx context.Context, id string, timeout time.Duration) (*WorkflowTask, error) {
	return c.WaitForTask(ctx, id, or(timeout, DefaultWaitTimeout), DefaultPollInterval)
}

// WaitForTask is WaitForTaskCompletion with an interval of its own; a negative timeout is none.
func (c *Client) WaitForTask(ctx context.Context, id string, timeout, poll time.Duration) (*WorkflowTask, error) {
	limited, cancel := ctx, context.CancelFunc(func() {})
	if timeout >= 0 {
		limited, cancel = context.WithTimeout(ctx, timeout)
	}
	defer cancel()
	for failures := 0; ; {
		task, err := read[WorkflowTask](c, limited, http.MethodGet, "/tasks/"+url.PathEscape(id), call{once: true})
		switch {
		case err == nil:
			failures = 0
			if task.Status.Final() {
				return task, nil
			}
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case limited.Err() == nil:
			if failures++; failures > borne || !(IsNetworkError(err) || IsServerError(err)) {
				return nil, err
			}
		}
		if pause(limited, poll) != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			message := fmt.Sprintf("Task %s did not complete within %v", id, timeout)
			return nil, &APIError{Kind: KindTimeout, Code: "TIMEOUT", Message: message}
		}
	}
}

// ExecuteBatchOperation starts a batch; its operations have their fields flat or under "config".
func (c *Client) ExecuteBatchOperation(ctx context.Context, config map[string]any) (*Batch, error) {
	return read[Batch](c, ctx, http.MethodPost, "/batch/execute", call{body: config})
}

// GetBatchStatus looks at a batch.
func (c *Client) GetBatchStatus(ctx context.Context, id string) (*Batch, error) {
	return read[Batch](c, ctx, http.MethodGet, "/batch/operations/"+url.PathEscape(id), call{})
}

// CancelBatchOperation ends a batch.
func (c *Client) CancelBatchOperation(ctx context.Context, id string) error {
	_, _, err := c.transport.do(ctx, http.MethodPost, "/batch/operations/"+url.PathEscape(id)+"/cancel", call{})
	return err
}

// NegotiateVersion is the highest level that both sides know.
func (c *Client) NegotiateVersion(ctx context.Context) (string, error) {
	type versions struct {
		API struct {
			Levels []string `json:"levels"`
		} `json:"api"`
	}
	told, err := read[versions](c, ctx, http.MethodGet, "/api/versions", call{anonymous: true})
	if err != nil {
		return "", err
	}
	for _, level := range levels {
		if slices.Contains(told.API.Levels, level) {
			return level, nil
		}
	}
	message := fmt.Sprintf("No common API level: the server has %v, this client %v", told.API.Levels, levels)
	return "", &APIError{Kind: KindUnsupportedVersion, Code: "UNSUPPORTED_VERSION", Message: message}
}

func (c *Client) create(ctx context.Context, path string, body any) (string, error) {
	data, _, err := c.transport.do(ctx, http.MethodPost, path, call{body: body})
	if err != nil {
		return "", err
	}
	var id string
	if json.Unmarshal(data, &id) == nil {
		return id, nil
	}
	var task struct {
		TaskID string `json:"task_id"`
	}
	if err := json.Unmarshal(data, &task); err != nil || task.TaskID == "" {
		return "", errors.Join(&APIError{Kind: KindProtocol, Code: "PROTOCOL_ERROR", Message: "no task id in the answer"}, err)
	}
	return task.TaskID, nil
}

func read[T any](c *Client, ctx context.Context, method, path string, how call) (*T, error) {
	data, _, err := c.transport.do(ctx, method, path, how)
	if err != nil {
		return nil, err
	}
	result := new(T)
	if err := json.Unmarshal(data, result); err != nil {
		return nil, &APIError{Kind: KindProtocol, Code: "PROTOCOL_ERROR", Message: method + " " + path + ": " + err.Error()}
	}
	return result, nil
}

func or[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
