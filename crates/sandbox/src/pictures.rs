//! A host for generated pictures and a tiny video, so that a demo needs no file and no network.
//!
//! | path | answers |
//! | --- | --- |
//! | `/pictures/{name}.jpg`, `.png`, `.webp`, `.gif` | always the same picture for the same name; `?w=&h=` its pixels |
//! | `/pictures/{name}.mp4` | a real H.264 video; `?secs=` its length |
//! | `/pictures/slow/{name}` | the same after `?ms=` real milliseconds (default 2000) |
//! | `/pictures/broken/{name}` | a complete answer with a damaged file |
//! | `/pictures/cut/{name}` | the connection breaks in the middle |

mod draw;
mod mp4;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use serde::Deserialize;

use crate::Sandbox;
use crate::answer::half_of;
use crate::sync::lock;

/// Made files kept; all are thrown away when the shelf is full.
const KEPT: usize = 64;
const MAX_SIDE: u32 = 12_000;
const MAX_SECS: u32 = 120;

/// Made files by everything that shapes them.
#[derive(Debug, Default)]
pub(crate) struct Pictures(Mutex<HashMap<Wanted, Bytes>>);

/// What is asked for; all of it optional.
#[derive(Debug, Deserialize)]
struct Shape {
    w: Option<u32>,
    h: Option<u32>,
    secs: Option<u32>,
    ms: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Wanted {
    name: String,
    kind: Kind,
    width: u32,
    height: u32,
    secs: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Picture(draw::Format),
    Video,
}

pub(crate) fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/pictures/{name}", get(plain))
        .route("/pictures/slow/{name}", get(slow))
        .route("/pictures/broken/{name}", get(broken))
        .route("/pictures/cut/{name}", get(cut_off))
}

async fn plain(State(sandbox): State<Sandbox>, Path(name): Path<String>, Query(shape): Query<Shape>) -> Response {
    match file(&sandbox, name, &shape).await {
        Some((mime, bytes)) => ([(header::CONTENT_TYPE, mime)], bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn slow(state: State<Sandbox>, name: Path<String>, shape: Query<Shape>) -> Response {
    tokio::time::sleep(Duration::from_millis(shape.ms.unwrap_or(2000))).await;
    plain(state, name, shape).await
}

async fn broken(State(sandbox): State<Sandbox>, Path(name): Path<String>, Query(shape): Query<Shape>) -> Response {
    match file(&sandbox, name, &shape).await {
        Some((mime, bytes)) => ([(header::CONTENT_TYPE, mime)], bytes.slice(..bytes.len().min(40))).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn cut_off(State(sandbox): State<Sandbox>, Path(name): Path<String>, Query(shape): Query<Shape>) -> Response {
    let Some((mime, bytes)) = file(&sandbox, name, &shape).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let head = [
        (header::CONTENT_TYPE, mime.to_owned()),
        (header::CONTENT_LENGTH, bytes.len().to_string()),
    ];
    (head, Body::new(half_of(bytes))).into_response()
}

async fn file(sandbox: &Sandbox, name: String, shape: &Shape) -> Option<(&'static str, Bytes)> {
    let wanted = Wanted::new(name, shape)?;
    let mime = wanted.mime();
    if let Some(bytes) = lock(&sandbox.pictures().0).get(&wanted) {
        return Some((mime, bytes.clone()));
    }
    let making = wanted.clone();
    let bytes = tokio::task::spawn_blocking(move || making.make()).await.ok()??;
    let mut shelf = lock(&sandbox.pictures().0);
    if shelf.len() >= KEPT {
        shelf.clear();
    }
    shelf.insert(wanted, bytes.clone());
    Some((mime, bytes))
}

impl Wanted {
    fn new(name: String, shape: &Shape) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        let kind = match ending {
            "mp4" => Kind::Video,
            picture => Kind::Picture(draw::Format::of(picture)?),
        };
        let (width, height) = if kind == Kind::Video { (128, 96) } else { (900, 675) };
        let side = |asked: Option<u32>, default: u32| asked.unwrap_or(default).clamp(1, MAX_SIDE);
        let (width, height) = (side(shape.w, width), side(shape.h, height));
        let secs = if kind == Kind::Video {
            shape.secs.unwrap_or(2).clamp(1, MAX_SECS)
        } else {
            0
        };
        Some(Self {
            name,
            kind,
            width,
            height,
            secs,
        })
    }

    fn mime(&self) -> &'static str {
        match self.kind {
            Kind::Picture(format) => format.mime(),
            Kind::Video => "video/mp4",
        }
    }

    fn make(&self) -> Option<Bytes> {
        let seed = draw::seed_of(&self.name);
        match self.kind {
            Kind::Picture(format) => draw::picture(seed, format, self.width, self.height),
            Kind::Video => Some(mp4::video(seed, self.width.min(640), self.height.min(480), self.secs)),
        }
    }
}
