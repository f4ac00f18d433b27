//! What can go wrong, by what the caller can do about it.

use reqwest::header::HeaderMap;
use serde_json::Value;
use std::fmt;
use std::time::{Duration, SystemTime};

/// Seconds to wait after a 429 that does not say how long.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// An answer that is not the wanted one, or none at all.
#[derive(Debug, Clone)]
pub enum Error {
    /// 401, or no way to get a token.
    Authentication(Box<Details>),
    /// 403 with a request for a second factor.
    MfaRequired(Box<Details>),
    /// 403.
    Permission(Box<Details>),
    /// 400 and 422; `details` names what is wrong.
    Validation(Box<Details>),
    /// 404.
    NotFound(Box<Details>),
    /// 409 and 412.
    Conflict(Box<Details>),
    /// 429; `retry_after` says when to come again.
    RateLimit(Box<Details>),
    /// 5xx.
    Server(Box<Details>),
    /// 503.
    ServiceUnavailable(Box<Details>),
    /// No answer: connection, name, TLS.
    Network(Box<Details>),
    /// A time limit is over; what was begun goes on.
    Timeout(Box<Details>),
    /// No API level that both sides know.
    UnsupportedVersion(Box<Details>),
    /// The answer is not in the envelope.
    Protocol(Box<Details>),
    /// Another status.
    Other(Box<Details>),
}

/// What is known of a failure. Neither tokens nor passwords are in it.
#[derive(Debug, Clone, Default)]
pub struct Details {
    pub message: String,
    pub code: String,
    pub status: Option<u16>,
    pub details: Value,
    pub hint: Option<String>,
    pub request_id: Option<String>,
    pub method: String,
    /// Without its query.
    pub url: String,
    pub retry_after: Option<Duration>,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn details(&self) -> &Details {
        match self {
            Error::Authentication(details)
            | Error::MfaRequired(details)
            | Error::Permission(details)
            | Error::Validation(details)
            | Error::NotFound(details)
            | Error::Conflict(details)
            | Error::RateLimit(details)
            | Error::Server(details)
            | Error::ServiceUnavailable(details)
            | Error::Network(details)
            | Error::Timeout(details)
            | Error::UnsupportedVersion(details)
            | Error::Protocol(details)
            | Error::Other(details) => details,
        }
    }

    /// Whether the same request may succeed a little later.
    pub fn is_passing(&self) -> bool {
        match self {
            Error::Network(_) | Error::Timeout(_) => true,
            _ => matches!(self.details().status, Some(429 | 500 | 502 | 503 | 504)),
        }
    }

    pub fn is_server_error(&self) -> bool {
        matches!(self, Error::Server(_) | Error::ServiceUnavailable(_))
    }

    pub(crate) fn local(kind: fn(Box<Details>) -> Error, code: &str, message: impl Into<String>) -> Error {
        kind(Box::new(Details { message: message.into(), code: code.into(), ..Details::default() }))
    }

    /// The error that an answer says.
    pub(crate) fn of_answer(status: u16, text: &str, headers: &HeaderMap, method: &str, url: &str) -> Error {
        let body: Value = serde_json::from_str(text).unwrap_or_default();
        let told = &body["error"];
        let request_id = body["metadata"]["request_id"]
            .as_str()
            .or_else(|| headers.get("x-request-id").and_then(|value| value.to_str().ok()));
        let place = Details {
            status: Some(status),
            request_id: request_id.map(str::to_owned),
            method: method.into(),
            url: url.into(),
            ..Details::default()
        };
        if told.is_null() {
            let start: String = text.chars().take(200).collect();
            let message = format!("{method} {url} answered {status}: {start}");
            return Error::Protocol(Box::new(Details { message, code: "PROTOCOL_ERROR".into(), ..place }));
        }
        let word = |name: &str| told[name].as_str().map(str::to_owned);
        let code = word("code").unwrap_or_else(|| "UNKNOWN".into());
        let kind = kind_of(status, &code);
        let waiting = retry_after(headers);
        kind(Box::new(Details {
            // Old servers say it in one word.
            message: word("message")
                .or_else(|| told.as_str().map(str::to_owned))
                .unwrap_or_else(|| format!("status {status}")),
            details: told["details"].clone(),
            hint: word("hint"),
            retry_after: waiting.or((status == 429).then_some(LONGEST_WAIT)),
            code,
            ..place
        }))
    }
}

fn kind_of(status: u16, code: &str) -> fn(Box<Details>) -> Error {
    match (status, code) {
        (_, "UNSUPPORTED_VERSION") => Error::UnsupportedVersion,
        (403, "MFA_REQUIRED" | "MFA_STALE") => Error::MfaRequired,
        (400 | 422, _) => Error::Validation,
        (401, _) => Error::Authentication,
        (403, _) => Error::Permission,
        (404, _) => Error::NotFound,
        (409 | 412, _) => Error::Conflict,
        (429, _) => Error::RateLimit,
        (503, _) => Error::ServiceUnavailable,
        (500.., _) => Error::Server,
        _ => Error::Other,
    }
}

/// `Retry-After`, given as a number of seconds or as a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get("retry-after")?.to_str().ok()?;
    match value.parse::<f64>() {
        Ok(seconds) if seconds >= 0.0 => Duration::try_from_secs_f64(seconds).ok(),
        Ok(_) => None,
        Err(_) => {
            let at = httpdate::parse_http_date(value).ok()?;
            Some(at.duration_since(SystemTime::now()).unwrap_or_default())
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.details().message)
    }
}

impl std::error::Error for Error {}
