//! Delivery over HTTP.

use std::time::Duration;

use super::{Deliver, DeliveryError, Notification};

/// Posts messages to an HTTP address as JSON; every receiver of Alertmanager webhooks takes them.
///
/// Each carries its key in the header `Idempotency-Key`. An answer of 2xx is a delivery; 408, 429, 5xx and a connection
/// that fails are tried again later; any other answer refuses the message for good.
///
/// ```no_run
/// use shape_compliance::{Outbox, Webhook};
/// # let notifications = Vec::new();
/// # let now = jiff::Timestamp::UNIX_EPOCH;
/// let receiver = Webhook::new("http://127.0.0.1:9095/hook");
/// let mut outbox = Outbox::open("notifications.jsonl".as_ref())?;
/// outbox.queue(notifications)?;
/// let flushed = outbox.flush(now, &receiver)?;
/// assert!(flushed.waiting.is_empty(), "{flushed:?}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Webhook {
    agent: ureq::Agent,
    url: String,
    headers: Vec<(String, String)>,
}

impl Webhook {
    /// A receiver at an address; a delivery takes 10 s at most.
    pub fn new(url: &str) -> Self {
        Self::with_timeout(url, Duration::from_secs(10))
    }

    /// A receiver at an address, with the time that a delivery may take.
    pub fn with_timeout(url: &str, timeout: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            .build();
        Self {
            agent: ureq::Agent::new_with_config(config),
            url: url.to_owned(),
            headers: Vec::new(),
        }
    }

    /// Sends a header with every message, `Authorization` say.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Deliver for Webhook {
    fn deliver(&self, notification: &Notification) -> Result<(), DeliveryError> {
        let error = |is_final, message: String| DeliveryError { is_final, message };
        let body = serde_json::to_string(&notification.message)
            .map_err(|cause| error(true, cause.to_string()))?;
        let mut request = self
            .agent
            .post(&self.url)
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", &notification.key);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = request.send(&body).map_err(|cause| {
            // A wrong address does not become right by waiting.
            let is_final = matches!(cause, ureq::Error::BadUri(_) | ureq::Error::Http(_));
            error(is_final, cause.to_string())
        })?;
        match response.status().as_u16() {
            200..300 => Ok(()),
            code @ (408 | 429 | 500..) => Err(error(false, format!("answered {code}"))),
            code => Err(error(true, format!("answered {code}"))),
        }
    }
}
