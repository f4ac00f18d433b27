package client

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// WebhookTolerance is how far the signed time may be off.
const WebhookTolerance = 300 * time.Second

// VerifyWebhook checks what an orchestrator's webhook brought: the header's signature where there is one, else the
// body's own field. Comparison takes constant time.
func VerifyWebhook(body []byte, header http.Header, secret string, now time.Time) bool {
	if signatures := header.Get("X-Provisioning-Signature"); signatures != "" {
		return verifyHeader(body, signatures, secret, now)
	}
	var parsed struct {
		Event     json.RawMessage `json:"event"`
		Timestamp json.RawMessage `json:"timestamp"`
		Data      json.RawMessage `json:"data"`
		Signature string          `json:"signature"`
	}
	if json.Unmarshal(body, &parsed) != nil || parsed.Signature == "" {
		return false
	}
	// What is signed is the body without its signature, compact.
	var text bytes.Buffer
	signed := `{"event":` + string(parsed.Event) + `,"timestamp":` + string(parsed.Timestamp) + `,"data":` + string(parsed.Data) + `}`
	if json.Compact(&text, []byte(signed)) != nil {
		return false
	}
	return hmac.Equal([]byte(parsed.Signature), []byte("sha256="+sign(secret, text.Bytes())))
}

func verifyHeader(body []byte, signatures, secret string, now time.Time) bool {
	at := ""
	var given []string
	for part := range strings.SplitSeq(signatures, ",") {
		part = strings.TrimSpace(part)
		if value, ok := strings.CutPrefix(part, "t="); ok {
			at = value
		} else if value, ok := strings.CutPrefix(part, "v1="); ok {
			given = append(given, value)
		}
	}
	seconds, err := strconv.ParseFloat(at, 64)
	if err != nil || math.Abs(float64(now.Unix())-seconds) > WebhookTolerance.Seconds() {
		return false
	}
	expected := []byte(sign(secret, append([]byte(at+"."), body...)))
	valid := false
	for _, value := range given {
		valid = hmac.Equal([]byte(value), expected) || valid
	}
	return valid
}

func sign(secret string, text []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(text)
	return hex.EncodeToString(mac.Sum(nil))
}
