// The Go client behind commands as JSON lines.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/provisioning-systems/go-client/client"
)

type safeLog struct {
	mutex sync.Mutex
	text  strings.Builder
}

func (l *safeLog) Write(text []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(text)
}

var (
	current *client.Client
	stream  *client.EventStream
	heard   = []string{}
	mutex   sync.Mutex
	logged  safeLog
	output  sync.Mutex
)

type arguments struct {
	BaseURL           string            `json:"base_url"`
	Username          string            `json:"username"`
	Password          string            `json:"password"`
	RetryDelay        float64           `json:"retry_delay"`
	RetryAttempts     int               `json:"retry_attempts"`
	ReconnectInterval float64           `json:"reconnect_interval"`
	HeartbeatInterval float64           `json:"heartbeat_interval"`
	ID                string            `json:"id"`
	Times             int               `json:"times"`
	Config            json.RawMessage   `json:"config"`
	Timeout           float64           `json:"timeout"`
	Poll              float64           `json:"poll"`
	Limit             int               `json:"limit"`
	Types             []string          `json:"types"`
	Count             int               `json:"count"`
	After             float64           `json:"after"`
	Body              string            `json:"body"`
	Secret            string            `json:"secret"`
	Headers           map[string]string `json:"headers"`
	Now               int64             `json:"now"`
}

func seconds(value float64) time.Duration { return time.Duration(value * float64(time.Second)) }

func run(op string, given arguments) (any, error) {
	ctx := context.Background()
	switch op {
	case "new":
		heard = []string{}
		current = client.NewClient(&client.Config{
			BaseURL: given.BaseURL, Username: given.Username, Password: given.Password,
			RetryAttempts: given.RetryAttempts, RetryDelay: seconds(given.RetryDelay),
			ReconnectInterval: seconds(given.ReconnectInterval), HeartbeatInterval: seconds(given.HeartbeatInterval),
			Logger: slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		return nil, nil
	case "task":
		return current.GetTaskStatus(ctx, given.ID)
	case "many":
		results := make([]any, given.Times)
		failures := make([]error, given.Times)
		var all sync.WaitGroup
		for index := range given.Times {
			all.Go(func() { results[index], failures[index] = current.GetTaskStatus(ctx, given.ID) })
		}
		all.Wait()
		return results, errors.Join(failures...)
	case "create_server":
		var config client.CreateServerRequest
		if err := json.Unmarshal(given.Config, &config); err != nil {
			return nil, err
		}
		return current.CreateServerWorkflow(ctx, &config)
	case "defaults":
		return map[string]float64{"timeout": client.DefaultWaitTimeout.Seconds(), "poll": client.DefaultPollInterval.Seconds()}, nil
	case "wait":
		return current.WaitForTask(ctx, given.ID, seconds(given.Timeout), seconds(given.Poll))
	case "tasks":
		ids := []string{}
		for task, err := range current.Tasks(ctx, "", given.Limit) {
			if err != nil {
				return nil, err
			}
			ids = append(ids, task.ID)
		}
		return ids, nil
	case "version":
		return current.NegotiateVersion(ctx)
	case "connect":
		opened, err := current.ConnectWebSocket(ctx, given.Types...)
		if err != nil {
			return nil, err
		}
		stream = opened
		go func() {
			for event := range opened.Events() {
				mutex.Lock()
				heard = append(heard, event.ID)
				mutex.Unlock()
			}
		}()
		return nil, nil
	case "events":
		for {
			mutex.Lock()
			now := append([]string{}, heard...)
			mutex.Unlock()
			if len(now) >= given.Count {
				return now, nil
			}
			time.Sleep(5 * time.Millisecond)
		}
	case "disconnect":
		stream.Close()
		return nil, nil
	case "batch":
		var config map[string]any
		if err := json.Unmarshal(given.Config, &config); err != nil {
			return nil, err
		}
		return current.ExecuteBatchOperation(ctx, config)
	case "cancelled_wait":
		limited, cancel := context.WithCancel(ctx)
		time.AfterFunc(seconds(given.After), cancel)
		return current.WaitForTask(limited, given.ID, -1, 50*time.Millisecond)
	case "described":
		logged.mutex.Lock()
		defer logged.mutex.Unlock()
		text, _ := json.Marshal(current)
		return fmt.Sprintf("%s\n%v\n%+v\n%#v\n%s", logged.text.String(), current, current, current, text), nil
	case "webhook":
		header := http.Header{}
		for name, value := range given.Headers {
			header.Set(name, value)
		}
		return client.VerifyWebhook([]byte(given.Body), header, given.Secret, time.Unix(given.Now, 0)), nil
	}
	return nil, fmt.Errorf("no such command: %s", op)
}

func told(err error) map[string]any {
	fmt.Fprintf(&logged, "%v %+v %#v\n", err, err, err)
	var failure *client.APIError
	switch {
	case errors.Is(err, context.Canceled):
		return map[string]any{"type": "Cancelled"}
	case errors.As(err, &failure):
		return map[string]any{
			"type": failure.Kind, "status": failure.Status, "code": failure.Code, "message": failure.Message,
			"details": failure.Details, "request_id": failure.RequestID, "retry_after": failure.RetryAfter.Seconds(),
		}
	}
	return map[string]any{"type": "error", "message": err.Error()}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var command struct {
			ID   int       `json:"id"`
			Op   string    `json:"op"`
			Args arguments `json:"args"`
		}
		if err := json.Unmarshal(lines.Bytes(), &command); err != nil {
			panic(err)
		}
		go func() {
			answer := map[string]any{"id": command.ID}
			if ok, err := run(command.Op, command.Args); err != nil {
				answer["error"] = told(err)
			} else {
				answer["ok"] = ok
			}
			text, _ := json.Marshal(answer)
			output.Lock()
			defer output.Unlock()
			fmt.Println(string(text))
		}()
	}
}
