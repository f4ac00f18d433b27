package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Kind says what the caller can do about an error.
type Kind string

const (
	KindAuthentication     Kind = "AuthenticationError"
	KindMfaRequired        Kind = "MfaRequiredError"
	KindPermission         Kind = "PermissionError"
	KindValidation         Kind = "ValidationError"
	KindNotFound           Kind = "NotFoundError"
	KindConflict           Kind = "ConflictError"
	KindRateLimit          Kind = "RateLimitError"
	KindServer             Kind = "ServerError"
	KindServiceUnavailable Kind = "ServiceUnavailableError"
	KindNetwork            Kind = "NetworkError"
	KindTimeout            Kind = "TimeoutError"
	KindUnsupportedVersion Kind = "UnsupportedVersionError"
	KindProtocol           Kind = "ProtocolError"
	KindUnknown            Kind = "ProvisioningAPIError"
)

// APIError is an answer that is not the wanted one, or none at all.
type APIError struct {
	Kind      Kind
	Status    int
	Code      string
	Message   string
	Hint      string
	Details   json.RawMessage
	RequestID string
	// RetryAfter is set for KindRateLimit.
	RetryAfter time.Duration

	wait *time.Duration
}

func (e *APIError) Error() string { return e.Message }

func isKind(err error, kinds ...Kind) bool {
	var told *APIError
	if !errors.As(err, &told) {
		return false
	}
	for _, kind := range kinds {
		if told.Kind == kind {
			return true
		}
	}
	return false
}

func IsAuthentication(err error) bool { return isKind(err, KindAuthentication) }
func IsPermission(err error) bool     { return isKind(err, KindPermission, KindMfaRequired) }
func IsValidationError(err error) bool {
	return isKind(err, KindValidation)
}
func IsNotFound(err error) bool           { return isKind(err, KindNotFound) }
func IsConflict(err error) bool           { return isKind(err, KindConflict) }
func IsRateLimited(err error) bool        { return isKind(err, KindRateLimit) }
func IsServerError(err error) bool        { return isKind(err, KindServer, KindServiceUnavailable) }
func IsNetworkError(err error) bool       { return isKind(err, KindNetwork) }
func IsTimeout(err error) bool            { return isKind(err, KindTimeout) }
func IsUnsupportedVersion(err error) bool { return isKind(err, KindUnsupportedVersion) }

var kinds = map[int]Kind{
	400: KindValidation, 401: KindAuthentication, 403: KindPermission, 404: KindNotFound, 409: KindConflict,
	412: KindConflict, 422: KindValidation, 429: KindRateLimit, 503: KindServiceUnavailable,
}

type toldError struct {
	Code    string          `json:"code"`
	Message string          `json:"message"`
	Hint    string          `json:"hint"`
	Details json.RawMessage `json:"details"`
}

// errorOf is the error that an answer says.
func errorOf(status int, body []byte, header http.Header, method, url string) *APIError {
	var envelope struct {
		Error    json.RawMessage `json:"error"`
		Metadata struct {
			RequestID string `json:"request_id"`
		} `json:"metadata"`
	}
	result := &APIError{Status: status, RequestID: header.Get("x-request-id")}
	if json.Unmarshal(body, &envelope) != nil || len(envelope.Error) == 0 {
		result.Kind, result.Code = KindProtocol, "PROTOCOL_ERROR"
		result.Message = fmt.Sprintf("%s %s answered %d: %.200s", method, url, status, body)
		return result
	}
	told := toldError{Code: "UNKNOWN"}
	if json.Unmarshal(envelope.Error, &told.Message) != nil {
		_ = json.Unmarshal(envelope.Error, &told)
	}
	result.Code, result.Message, result.Hint, result.Details = told.Code, told.Message, told.Hint, told.Details
	if envelope.Metadata.RequestID != "" {
		result.RequestID = envelope.Metadata.RequestID
	}
	kind, known := kinds[status]
	switch {
	case told.Code == "UNSUPPORTED_VERSION":
		kind = KindUnsupportedVersion
	case status == 403 && (told.Code == "MFA_REQUIRED" || told.Code == "MFA_STALE"):
		kind = KindMfaRequired
	case !known && status >= 500:
		kind = KindServer
	case !known:
		kind = KindUnknown
	}
	result.Kind = kind
	result.wait = retryAfter(header)
	if kind == KindRateLimit {
		if result.wait == nil {
			minute := time.Minute
			result.wait = &minute
		}
		result.RetryAfter = *result.wait
	}
	return result
}

// retryAfter reads a number of seconds or a date.
func retryAfter(header http.Header) *time.Duration {
	value := header.Get("retry-after")
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		wait := time.Duration(seconds * float64(time.Second))
		return &wait
	}
	if at, err := http.ParseTime(value); err == nil {
		wait := max(0, time.Until(at))
		return &wait
	}
	return nil
}
