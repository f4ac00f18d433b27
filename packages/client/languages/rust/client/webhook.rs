//! Checks what an orchestrator's webhook brought.

use hmac::{Hmac, Mac};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::Sha256;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const TOLERANCE: Duration = Duration::from_secs(300);

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    signature: Option<String>,
}

/// The header's signature where there is one, else the body's own field; compared in constant time.
pub fn verify_webhook<'a>(
    raw_body: &str,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    secret: &str,
    now: SystemTime,
) -> bool {
    let Ok(body) = serde_json::from_str::<Body>(raw_body) else {
        return false;
    };
    let header =
        headers.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("x-provisioning-signature"));
    if let Some((_, value)) = header {
        return in_header(value, raw_body, secret, now);
    }
    let Some(signature) = body.signature.as_deref().and_then(|text| text.strip_prefix("sha256=")) else {
        return false;
    };
    let part = |value: Option<&RawValue>| value.map_or("null".to_owned(), |raw| compact(raw.get()));
    let (event, timestamp, data) = (part(body.event), part(body.timestamp), part(body.data));
    is_signed(secret, &format!(r#"{{"event":{event},"timestamp":{timestamp},"data":{data}}}"#), signature)
}

fn in_header(value: &str, raw_body: &str, secret: &str, now: SystemTime) -> bool {
    let parts: Vec<&str> = value.split(',').map(str::trim).collect();
    let at = parts.iter().find_map(|part| part.strip_prefix("t=")).unwrap_or_default();
    let Ok(seconds) = at.parse::<i64>() else {
        return false;
    };
    let present = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    if i128::from(present).abs_diff(i128::from(seconds)) > u128::from(TOLERANCE.as_secs()) {
        return false;
    }
    let signed = format!("{at}.{raw_body}");
    // All are looked at, whichever fits.
    parts
        .iter()
        .filter_map(|part| part.strip_prefix("v1="))
        .fold(false, |found, given| is_signed(secret, &signed, given) | found)
}

fn is_signed(secret: &str, text: &str, signature: &str) -> bool {
    let Ok(given) = hex::decode(signature) else {
        return false;
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length is a key");
    mac.update(text.as_bytes());
    mac.verify_slice(&given).is_ok()
}

/// JSON without the white space between its parts.
fn compact(text: &str) -> String {
    let mut quoted = false;
    let mut escaped = false;
    text.chars()
        .filter(|&letter| {
            let kept = quoted || !letter.is_ascii_whitespace();
            if letter == '"' && !escaped {
                quoted = !quoted;
            }
            escaped = quoted && letter == '\\' && !escaped;
            kept
        })
        .collect()
}
