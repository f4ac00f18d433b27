//! Requests: the envelope, retries, tokens.

use super::errors::{Details, Error, Result, LONGEST_WAIT};
use super::session::Session;
use reqwest::header::HeaderMap;
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;

pub(crate) struct Transport {
    pub(crate) root: String,
    auth: String,
    http: reqwest::Client,
    attempts: u32,
    delay: Duration,
    pub(crate) session: Session,
}

/// One operation.
#[derive(Default)]
pub(crate) struct Call {
    pub(crate) body: Option<Value>,
    pub(crate) query: Vec<(String, String)>,
    /// Sent without a token.
    pub(crate) anonymous: bool,
    /// One attempt only.
    pub(crate) once: bool,
}

impl Transport {
    pub(crate) fn new(
        (root, auth): (&str, &str),
        session: Session,
        timeout: Duration,
        (attempts, delay): (u32, Duration),
    ) -> Self {
        let http = reqwest::Client::builder()
            .timeout(timeout)
            .user_agent("provisioning-client-rust")
            .build()
            .expect("a client without settings of its own");
        let plain = |url: &str| url.trim_end_matches('/').to_owned();
        Transport { root: plain(root), auth: plain(auth), http, attempts, delay, session }
    }

    /// Work that is created carries a key, the same over all attempts.
    pub(crate) async fn call(&self, method: Method, path: &str, call: Call) -> Result<(Value, HeaderMap)> {
        let below = if path.starts_with("/api/") { "" } else { "/api/v1" };
        let url = format!("{}{below}{path}", self.root);
        let creates = method == Method::POST || method == Method::DELETE;
        let key = creates.then(|| uuid::Uuid::new_v4().to_string());
        let mut token = if call.anonymous { None } else { self.session.token(self, false).await? };
        let mut refused = false;
        let mut attempt = 1;
        loop {
            let mut request = self.http.request(method.clone(), &url).query(&call.query);
            if let Some(key) = &key {
                request = request.header("idempotency-key", key);
            }
            if let Some(token) = &token {
                request = request.bearer_auth(token);
            }
            let error = match send(request, call.body.as_ref(), &method, &url).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if matches!(error, Error::Authentication(_)) && !call.anonymous && !refused {
                token = match self.session.refused(self, token.as_deref()).await? {
                    None => return Err(error),
                    another => another,
                };
                refused = true;
                continue;
            }
            if call.once || attempt >= self.attempts || !error.is_passing() {
                return Err(error);
            }
            let wait = match error.details().retry_after {
                Some(told) => told.min(LONGEST_WAIT),
                None => self.delay.mul_f64(f64::from(1 << (attempt - 1)) * around_one()),
            };
            log::debug!("{method} {path}: {}, again in {wait:?}", error.details().code);
            attempt += 1;
            tokio::time::sleep(wait).await;
        }
    }

    pub(crate) async fn login(&self, path: &str, body: &Value) -> Result<Value> {
        let url = format!("{}/api/v1{path}", self.auth);
        let answer = send(self.http.post(&url), Some(body), &Method::POST, &url).await?;
        Ok(answer.0)
    }
}

async fn send(
    request: reqwest::RequestBuilder,
    body: Option<&Value>,
    method: &Method,
    url: &str,
) -> Result<(Value, HeaderMap)> {
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    let response = request.send().await.map_err(|error| broken(error, method, url))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.map_err(|error| broken(error, method, url))?;
    log::debug!("{method} {url} answered {status}");
    if status >= 300 {
        return Err(Error::of_answer(status, &text, &headers, method.as_str(), url));
    }
    if text.is_empty() {
        return Ok((Value::Null, headers));
    }
    let Ok(mut parsed) = serde_json::from_str::<Value>(&text) else {
        return Err(Error::of_answer(status, &text, &headers, method.as_str(), url));
    };
    let enveloped = parsed.get("success").is_some() && parsed.get("data").is_some();
    Ok((if enveloped { parsed["data"].take() } else { parsed }, headers))
}

/// The words of the innermost cause; the request with its headers is not kept.
fn broken(error: reqwest::Error, method: &Method, url: &str) -> Error {
    let timeout = error.is_timeout();
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        words = inner.to_string();
        cause = inner.source();
    }
    let (kind, code): (fn(Box<Details>) -> Error, _) =
        if timeout { (Error::Timeout, "TIMEOUT") } else { (Error::Network, "NETWORK_ERROR") };
    Error::local(kind, code, format!("{method} {url}: {words}"))
}

/// 0.8 to 1.2, so that many clients do not come again at once.
pub(crate) fn around_one() -> f64 {
    0.8 + 0.4 * fastrand::f64()
}
