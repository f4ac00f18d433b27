package client

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"time"
)

// A token with less time left is not used.
const leastLeft = 30 * time.Second

type login struct {
	done  chan struct{}
	token string
	err   error
}

// session knows where tokens come from. One login serves all calls that wait for it.
type session struct {
	post               func(ctx context.Context, path string, body any) (json.RawMessage, error)
	username, password string

	mutex   sync.Mutex
	held    string
	expires time.Time
	refresh string
	pending *login
}

// String keeps tokens and passwords out of what is printed.
func (s *session) String() string   { return "session" }
func (s *session) GoString() string { return "session" }

func (s *session) hasMeans() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.held != "" || s.canRenew()
}

func (s *session) canRenew() bool { return s.refresh != "" || (s.username != "" && s.password != "") }

// token is that of the next request; empty where there are no means (solo mode).
func (s *session) token(ctx context.Context, force bool) (string, error) {
	if !s.hasMeans() {
		return "", nil
	}
	return s.authenticate(ctx, force)
}

func (s *session) authenticate(ctx context.Context, force bool) (string, error) {
	s.mutex.Lock()
	if !force && s.held != "" && (s.expires.IsZero() || time.Until(s.expires) > leastLeft) {
		defer s.mutex.Unlock()
		return s.held, nil
	}
	if s.pending == nil {
		s.pending = &login{done: make(chan struct{})}
		go s.renew(s.pending)
	}
	pending := s.pending
	s.mutex.Unlock()
	select {
	case <-pending.done:
		return pending.token, pending.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// refused says whether another token can be had after this one was refused.
func (s *session) refused(ctx context.Context, token string) (string, bool, error) {
	s.mutex.Lock()
	if s.held == token {
		s.held = ""
	}
	none := s.held == "" && !s.canRenew()
	s.mutex.Unlock()
	if none {
		return "", false, nil
	}
	another, err := s.authenticate(ctx, false)
	return another, err == nil, err
}

func (s *session) renew(pending *login) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	token, refresh, err := s.ask(ctx)
	s.mutex.Lock()
	if err == nil {
		s.held, s.refresh, s.expires = token, refresh, expiry(token)
	}
	s.pending = nil
	s.mutex.Unlock()
	pending.token, pending.err = token, err
	close(pending.done)
}

func (s *session) ask(ctx context.Context) (string, string, error) {
	s.mutex.Lock()
	refresh := s.refresh
	s.refresh = ""
	s.mutex.Unlock()
	credentials := s.username != "" && s.password != ""
	if refresh != "" {
		token, next, err := s.issued(s.post(ctx, "/auth/refresh", map[string]string{"refresh_token": refresh}))
		if err == nil || !credentials {
			return token, next, err
		}
	}
	if !credentials {
		message := "Username and password required for authentication"
		return "", "", &APIError{Kind: KindAuthentication, Code: "UNAUTHORIZED", Message: message}
	}
	body := map[string]string{"username": s.username, "password": s.password}
	return s.issued(s.post(ctx, "/auth/login", body))
}

func (s *session) issued(data json.RawMessage, err error) (string, string, error) {
	if err != nil {
		return "", "", err
	}
	var answer struct {
		Token        string `json:"token"`
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
		MfaRequired  bool   `json:"mfa_required"`
		Status       string `json:"status"`
	}
	if json.Unmarshal(data, &answer) != nil {
		return "", "", &APIError{Kind: KindProtocol, Code: "PROTOCOL_ERROR", Message: "The login was not answered"}
	}
	if answer.MfaRequired || answer.Status == "mfa_required" {
		return "", "", &APIError{Kind: KindMfaRequired, Status: 403, Code: "MFA_REQUIRED", Message: "MFA verification required"}
	}
	if answer.Token == "" {
		answer.Token = answer.AccessToken
	}
	if answer.Token == "" {
		return "", "", &APIError{Kind: KindAuthentication, Code: "PROTOCOL_ERROR", Message: "The answer to the login holds no token"}
	}
	return answer.Token, answer.RefreshToken, nil
}

// expiry is zero for a token that does not say: it is good until it is refused.
func expiry(token string) time.Time {
	parts := strings.Split(token, ".")
	if len(parts) < 2 {
		return time.Time{}
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Exp int64 `json:"exp"`
	}
	if err != nil || json.Unmarshal(text, &claims) != nil || claims.Exp == 0 {
		return time.Time{}
	}
	return time.Unix(claims.Exp, 0)
}
