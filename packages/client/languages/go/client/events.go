package client

import (
	"context"
	"encoding/json"
	"errors"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

const (
	// Ids that are remembered, so that nothing is told twice after a replay.
	remembered   = 1000
	longestDelay = time.Minute
)

// EventStream brings events as they come, over reconnections.
type EventStream struct {
	client *Client
	types  []string
	events chan Event
	cancel context.CancelFunc
	ended  chan struct{}

	mutex      sync.Mutex
	connection *websocket.Conn
	last       string
	seen       map[string]bool
	order      []string
}

// Events ends after Close, or when reconnecting has failed.
func (s *EventStream) Events() <-chan Event { return s.events }

// Close ends the connection.
func (s *EventStream) Close() {
	s.cancel()
	<-s.ended
}

// Subscribe adds types of events; they are kept over reconnections.
func (s *EventStream) Subscribe(ctx context.Context, types ...string) error {
	s.mutex.Lock()
	for _, name := range types {
		if !slices.Contains(s.types, name) {
			s.types = append(s.types, name)
		}
	}
	connection := s.connection
	s.mutex.Unlock()
	if connection == nil {
		return nil
	}
	return write(ctx, connection, map[string]any{"type": "subscribe", "events": types})
}

// ConnectWebSocket opens the stream of events of these types; without any, of all.
func (c *Client) ConnectWebSocket(ctx context.Context, types ...string) (*EventStream, error) {
	own, cancel := context.WithCancel(context.Background())
	stream := &EventStream{
		client: c, types: slices.Clone(types), events: make(chan Event, 1024), cancel: cancel,
		ended: make(chan struct{}), seen: map[string]bool{},
	}
	connection, err := stream.connect(ctx, false)
	if err != nil {
		cancel()
		return nil, &APIError{Kind: KindNetwork, Code: "NETWORK_ERROR", Message: "WebSocket: " + err.Error()}
	}
	go stream.run(own, connection)
	return stream, nil
}

func (s *EventStream) connect(ctx context.Context, fresh bool) (*websocket.Conn, error) {
	token, err := s.client.transport.session.token(ctx, fresh)
	if err != nil {
		return nil, err
	}
	s.mutex.Lock()
	query := url.Values{}
	if len(s.types) > 0 {
		query.Set("events", strings.Join(s.types, ","))
	}
	if s.last != "" {
		query.Set("last_event_id", s.last)
	}
	s.mutex.Unlock()
	protocols := []string{"provisioning.v1"}
	if token != "" {
		protocols = append(protocols, "bearer."+token)
	}
	address := "ws" + strings.TrimPrefix(s.client.transport.root, "http") + "/ws?" + query.Encode()
	connection, response, err := websocket.Dial(ctx, address, &websocket.DialOptions{Subprotocols: protocols})
	if err != nil {
		if response != nil && response.StatusCode == http.StatusUnauthorized {
			return nil, errors.New("the token was refused")
		}
		return nil, err
	}
	connection.SetReadLimit(16 << 20)
	s.mutex.Lock()
	s.connection = connection
	s.mutex.Unlock()
	return connection, nil
}

func (s *EventStream) run(ctx context.Context, connection *websocket.Conn) {
	defer close(s.ended)
	defer close(s.events)
	refreshed := false
	for {
		code := s.listen(ctx, connection)
		if ctx.Err() != nil {
			return
		}
		if code == websocket.StatusPolicyViolation {
			if refreshed {
				return
			}
			refreshed = true
		}
		fresh := code == websocket.StatusPolicyViolation || code == 4001
		delay := s.client.reconnectInterval
		connection = nil
		for attempt := 0; connection == nil; attempt++ {
			if attempt >= s.client.maxReconnectAttempts {
				s.client.transport.logger.Warn("WebSocket: gave up", "attempts", attempt)
				return
			}
			if pause(ctx, time.Duration(float64(delay)*(0.8+0.4*mathrand.Float64()))) != nil {
				return
			}
			again, err := s.connect(ctx, fresh)
			if err != nil {
				s.client.transport.logger.Info("WebSocket", "attempt", attempt+1, "error", err)
				delay = min(delay*3/2, longestDelay)
				continue
			}
			connection = again
		}
	}
}

// listen takes frames until the connection ends and returns the code with which it was closed.
func (s *EventStream) listen(ctx context.Context, connection *websocket.Conn) websocket.StatusCode {
	beating, stop := context.WithCancel(ctx)
	defer stop()
	defer connection.CloseNow()
	go s.beat(beating, connection)
	for {
		limit, done := context.WithTimeout(ctx, 2*s.client.heartbeatInterval)
		_, text, err := connection.Read(limit)
		done()
		if err != nil {
			if ctx.Err() != nil {
				_ = connection.Close(websocket.StatusNormalClosure, "")
			}
			return websocket.CloseStatus(err)
		}
		s.take(ctx, connection, text)
	}
}

func (s *EventStream) beat(ctx context.Context, connection *websocket.Conn) {
	for pause(ctx, s.client.heartbeatInterval) == nil {
		if write(ctx, connection, map[string]any{"type": "ping"}) != nil {
			return
		}
	}
}

func (s *EventStream) take(ctx context.Context, connection *websocket.Conn, text []byte) {
	var frame struct {
		Event
		Type    string  `json:"type"`
		Events  []Event `json:"events"`
		Message string  `json:"message"`
	}
	var batch struct {
		Type   string  `json:"type"`
		Events []Event `json:"events"`
	}
	// Of frames other than batches "events" may be names.
	if json.Unmarshal(text, &batch) == nil && batch.Type == "batch" {
		for _, event := range batch.Events {
			s.tell(ctx, event)
		}
		return
	}
	_ = json.Unmarshal(text, &frame)
	switch {
	case frame.EventType != "":
		s.tell(ctx, frame.Event)
	case frame.Type == "token_expiring":
		if token, err := s.client.transport.session.authenticate(ctx, true); err == nil {
			_ = write(ctx, connection, map[string]any{"type": "auth", "token": token})
		}
	case frame.Type == "error":
		s.client.transport.logger.Warn("WebSocket", "message", frame.Message)
	}
}

func (s *EventStream) tell(ctx context.Context, event Event) {
	if event.ID != "" {
		s.mutex.Lock()
		known := s.seen[event.ID]
		if !known {
			s.seen[event.ID], s.last = true, event.ID
			s.order = append(s.order, event.ID)
			if len(s.order) > remembered {
				delete(s.seen, s.order[0])
				s.order = s.order[1:]
			}
		}
		s.mutex.Unlock()
		if known {
			return
		}
	}
	select {
	case s.events <- event:
	case <-ctx.Done():
	}
}

func write(ctx context.Context, connection *websocket.Conn, frame map[string]any) error {
	text, err := json.Marshal(frame)
	if err != nil {
		return err
	}
	return connection.Write(ctx, websocket.MessageText, text)
}
