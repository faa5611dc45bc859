//! What the program and the platforms say to each other: which secrets have gone over the wire.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use futures::stream;
use serde_json::Value;

/// Fields of calls and answers that nobody else may see.
const SECRET: [&str; 14] = [
    "access_token",
    "suite_access_token",
    "provider_access_token",
    "corpsecret",
    "suite_secret",
    "provider_secret",
    "suite_ticket",
    "auth_code",
    "permanent_code",
    "pre_auth_code",
    "token",
    "uuid",
    "callbackUrl",
    "captchCode",
];

/// Listens in on every call to a stand-in.
#[derive(Clone, Default)]
pub(crate) struct Tap(Arc<Mutex<BTreeMap<String, String>>>);

impl Tap {
    /// A router that answers as `router` does.
    pub(crate) fn over(&self, router: Router) -> Router {
        let tap = self.clone();
        router.layer(from_fn(move |request, next| {
            let tap = tap.clone();
            async move { tap.pass(request, next).await }
        }))
    }

    /// The values heard so far, each with its field's name.
    pub(crate) fn heard(&self) -> Vec<(String, String)> {
        let heard = self.0.lock().expect("no panic");
        heard
            .iter()
            .map(|(value, name)| (name.clone(), value.clone()))
            .collect()
    }

    /// The fields that have not been heard: what they carry would not be looked for.
    pub(crate) fn never_heard(&self) -> Vec<&'static str> {
        let heard = self.0.lock().expect("no panic");
        SECRET
            .into_iter()
            .filter(|name| heard.values().all(|known| known != name))
            .collect()
    }

    async fn pass(&self, request: Request, next: Next) -> Response {
        let (parts, body) = request.into_parts();
        for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            self.hear(&name, &Value::from(value));
        }
        let request = Request::from_parts(parts, self.listen(body).await);
        let (parts, body) = next.run(request).await.into_parts();
        Response::from_parts(parts, self.listen(body).await)
    }

    async fn listen(&self, body: Body) -> Body {
        match to_bytes(body, usize::MAX).await {
            Ok(bytes) => {
                if let Ok(said) = serde_json::from_slice(&bytes) {
                    self.hear_all(&said);
                }
                Body::from(bytes)
            }
            // Trouble that the sandbox makes on purpose.
            Err(error) => Body::from_stream(stream::once(async { Err::<Vec<u8>, _>(error) })),
        }
    }

    fn hear_all(&self, said: &Value) {
        match said {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| {
                self.hear(name, value);
                self.hear_all(value);
            }),
            Value::Array(values) => values.iter().for_each(|value| self.hear_all(value)),
            _ => (),
        }
    }

    fn hear(&self, name: &str, value: &Value) {
        let Some(value) = value
            .as_str()
            .filter(|value| !value.is_empty() && SECRET.contains(&name))
        else {
            return;
        };
        // The secret of an address is its end.
        let secret = if name == "callbackUrl" {
            value.rsplit('/').next().unwrap_or(value)
        } else {
            value
        };
        let mut heard = self.0.lock().expect("no panic");
        heard.insert(secret.to_owned(), name.to_owned());
    }
}
