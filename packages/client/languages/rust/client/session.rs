//! Tokens: where they come from and when they are renewed.

use super::errors::{Error, Result};
use super::transport::Transport;
use base64::{engine::general_purpose::URL_SAFE_NO_PAD, Engine};
use serde_json::{json, Value};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::Mutex;

/// Seconds; a token with less time left is not used.
const LEAST_LEFT: f64 = 30.0;

/// One login serves all calls that wait for it. Nothing of it shows when it is printed: it has no `Debug`.
pub(crate) struct Session {
    username: Option<String>,
    password: Option<String>,
    held: Mutex<Held>,
}

struct Held {
    token: Option<String>,
    refresh: Option<String>,
    /// Seconds since the epoch.
    expires: f64,
}

impl Session {
    pub(crate) fn new(username: Option<String>, password: Option<String>, token: Option<String>) -> Self {
        let expires = token.as_deref().map_or(f64::INFINITY, expiry);
        Session { username, password, held: Mutex::new(Held { token, refresh: None, expires }) }
    }

    /// The token of the next request; none where there are no means (solo mode).
    pub(crate) async fn token(&self, transport: &Transport, fresh: bool) -> Result<Option<String>> {
        let mut held = self.held.lock().await;
        if held.token.is_none() && !self.can_renew(&held) {
            return Ok(None);
        }
        self.good(transport, &mut held, fresh).await.map(Some)
    }

    pub(crate) async fn authenticate(&self, transport: &Transport, fresh: bool) -> Result<String> {
        let mut held = self.held.lock().await;
        self.good(transport, &mut held, fresh).await
    }

    /// A request with this token was refused. Gives another one where there is one.
    pub(crate) async fn refused(&self, transport: &Transport, token: Option<&str>) -> Result<Option<String>> {
        let mut held = self.held.lock().await;
        if held.token.as_deref() == token {
            held.token = None;
        }
        if held.token.is_none() && !self.can_renew(&held) {
            return Ok(None);
        }
        self.good(transport, &mut held, false).await.map(Some)
    }

    fn can_renew(&self, held: &Held) -> bool {
        held.refresh.is_some() || (self.username.is_some() && self.password.is_some())
    }

    /// Whoever comes second waits for the lock and finds what the first has got.
    async fn good(&self, transport: &Transport, held: &mut Held, fresh: bool) -> Result<String> {
        match &held.token {
            Some(token) if held.expires > now() + LEAST_LEFT && !(fresh && self.can_renew(held)) => {
                Ok(token.clone())
            }
            _ => self.renew(transport, held).await,
        }
    }

    async fn renew(&self, transport: &Transport, held: &mut Held) -> Result<String> {
        let login = self.username.as_ref().zip(self.password.as_ref());
        if let Some(refresh) = held.refresh.take() {
            match transport.login("/auth/refresh", &json!({ "refresh_token": refresh })).await {
                Ok(answer) => return keep(held, &answer),
                Err(error) if login.is_none() => return Err(error),
                Err(_) => {}
            }
        }
        let Some((username, password)) = login else {
            let message = "Username and password required for authentication";
            return Err(Error::local(Error::Authentication, "UNAUTHORIZED", message));
        };
        let answer =
            transport.login("/auth/login", &json!({ "username": username, "password": password })).await?;
        keep(held, &answer)
    }
}

fn keep(held: &mut Held, answer: &Value) -> Result<String> {
    if answer["mfa_required"] == true || answer["status"] == "mfa_required" {
        return Err(Error::local(Error::MfaRequired, "MFA_REQUIRED", "MFA verification required"));
    }
    let Some(token) = answer["token"].as_str().or_else(|| answer["access_token"].as_str()) else {
        let message = "The answer to the login holds no token";
        return Err(Error::local(Error::Authentication, "PROTOCOL_ERROR", message));
    };
    held.token = Some(token.into());
    held.refresh = answer["refresh_token"].as_str().map(str::to_owned);
    held.expires = expiry(token);
    Ok(token.into())
}

/// A token that does not say when it ends is good until it is refused.
fn expiry(token: &str) -> f64 {
    let claims = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims: Option<Value> = claims.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    claims.and_then(|claims| claims["exp"].as_f64()).unwrap_or(f64::INFINITY)
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
