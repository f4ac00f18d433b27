package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const longestWait = time.Minute

// transport sends requests: envelope, retries, tokens.
type transport struct {
	root, auth string
	http       *http.Client
	attempts   int
	delay      time.Duration
	logger     *slog.Logger
	session    *session
}

type call struct {
	body      any
	query     url.Values
	anonymous bool
	once      bool
}

// do calls one operation. Work that is created carries a key, the same over all attempts.
func (t *transport) do(ctx context.Context, method, path string, c call) (json.RawMessage, http.Header, error) {
	address := t.root + path
	if !strings.HasPrefix(path, "/api/") {
		address = t.root + "/api/v1" + path
	}
	if len(c.query) > 0 {
		address += "?" + c.query.Encode()
	}
	header := http.Header{}
	if method == http.MethodPost || method == http.MethodDelete {
		header.Set("Idempotency-Key", rand.Text())
	}
	token := ""
	if !c.anonymous {
		held, err := t.session.token(ctx, false)
		if err != nil {
			return nil, nil, err
		}
		token = held
	}
	refused := false
	for attempt := 1; ; {
		if token != "" {
			header.Set("Authorization", "Bearer "+token)
		}
		data, told, err := t.send(ctx, method, address, header, c.body)
		var failure *APIError
		if err == nil || !errors.As(err, &failure) {
			return data, told, err
		}
		if failure.Kind == KindAuthentication && !c.anonymous && !refused {
			another, renewed, renewal := t.session.refused(ctx, token)
			if renewal != nil {
				return nil, nil, renewal
			}
			if !renewed {
				return nil, nil, err
			}
			refused, token = true, another
			continue
		}
		if c.once || attempt >= t.attempts || !passing(failure) {
			return nil, nil, err
		}
		wait := time.Duration(float64(t.delay<<(attempt-1)) * (0.8 + 0.4*mathrand.Float64()))
		if failure.wait != nil {
			wait = min(*failure.wait, longestWait)
		}
		t.logger.Debug("again", "method", method, "path", path, "code", failure.Code, "wait", wait)
		attempt++
		if err := pause(ctx, wait); err != nil {
			return nil, nil, err
		}
	}
}

func passing(failure *APIError) bool {
	switch failure.Status {
	case 429, 500, 502, 503, 504:
		return true
	}
	return failure.Kind == KindNetwork
}

func (t *transport) login(ctx context.Context, path string, body any) (json.RawMessage, error) {
	data, _, err := t.send(ctx, http.MethodPost, t.auth+"/api/v1"+path, http.Header{}, body)
	return data, err
}

func (t *transport) send(
	ctx context.Context, method, address string, header http.Header, body any,
) (json.RawMessage, http.Header, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, nil, err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, nil, err
	}
	request.Header = header.Clone()
	request.Header.Set("User-Agent", "provisioning-client-go")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	// What has a body is sent again by an explicit retry alone.
	request.GetBody = nil
	response, err := t.http.Do(request)
	if err != nil {
		return nil, nil, t.broken(ctx, method, address, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, nil, t.broken(ctx, method, address, err)
	}
	t.logger.Debug("answered", "method", method, "url", address, "status", response.StatusCode)
	if response.StatusCode >= 300 {
		return nil, nil, errorOf(response.StatusCode, text, response.Header, method, address)
	}
	var envelope struct {
		Success *bool           `json:"success"`
		Data    json.RawMessage `json:"data"`
	}
	if len(text) > 0 && json.Unmarshal(text, &envelope) != nil {
		message := fmt.Sprintf("%s %s answered %d: %.200s", method, address, response.StatusCode, text)
		return nil, nil, &APIError{Kind: KindProtocol, Code: "PROTOCOL_ERROR", Message: message}
	}
	if envelope.Success == nil {
		return text, response.Header, nil
	}
	return envelope.Data, response.Header, nil
}

// broken tells a connection that failed from a caller who has had enough.
func (t *transport) broken(ctx context.Context, method, address string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err
	}
	message := fmt.Sprintf("%s %s: %v", method, address, err)
	return &APIError{Kind: KindNetwork, Code: "NETWORK_ERROR", Message: message}
}

func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
