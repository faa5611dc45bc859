//! A client's callback address: opens what it gets with code of its own, and answers as told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aes::Aes256;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha1::{Digest, Sha1};
use tokio::net::TcpListener;

pub(crate) const TOKEN: &str = "ReceiverToken42";
pub(crate) const KEY: &str = "ISTYBvIdqX01QXnNIUr0rhaQFZNvrt7ArEKO84BJOAB";

#[derive(Clone, Default)]
pub(crate) struct Heard {
    /// Message and receive id of every push with a right signature.
    pub(crate) opened: Arc<Mutex<Vec<(String, String)>>>,
    pub(crate) refused: Arc<Mutex<u32>>,
    pub(crate) answer: Arc<Mutex<&'static str>>,
}

pub(crate) struct Receiver {
    pub(crate) url: String,
    pub(crate) heard: Heard,
}

impl Receiver {
    pub(crate) async fn new() -> Self {
        let heard = Heard::default();
        *heard.answer.lock().unwrap() = "success";
        let router = Router::new()
            .route("/hook", get(check).post(push))
            .with_state(heard.clone());
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", socket.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(socket, router).await });
        Self { url, heard }
    }

    pub(crate) fn messages(&self) -> Vec<String> {
        let opened = self.heard.opened.lock().unwrap();
        opened.iter().map(|(message, _)| message.clone()).collect()
    }

    pub(crate) fn receive_ids(&self) -> Vec<String> {
        let opened = self.heard.opened.lock().unwrap();
        opened.iter().map(|(_, id)| id.clone()).collect()
    }
}

/// The text of one field of an event.
pub(crate) fn field<'a>(xml: &'a str, name: &str) -> &'a str {
    let (_, rest) = xml.split_once(&format!("<{name}><![CDATA[")).unwrap_or_default();
    rest.split_once("]]>").unwrap_or_default().0
}

async fn check(Query(query): Query<HashMap<String, String>>) -> (StatusCode, String) {
    match open(&query, &query["echostr"]) {
        Some((message, _)) => (StatusCode::OK, message),
        None => (StatusCode::FORBIDDEN, String::new()),
    }
}

async fn push(
    State(heard): State<Heard>,
    Query(query): Query<HashMap<String, String>>,
    body: String,
) -> (StatusCode, &'static str) {
    let sealed = body.split_once("<Encrypt>").unwrap().1;
    let sealed = sealed.split_once("<![CDATA[").unwrap().1.split_once("]]>").unwrap().0;
    if let Some(opened) = open(&query, sealed) {
        heard.opened.lock().unwrap().push(opened);
        (StatusCode::OK, *heard.answer.lock().unwrap())
    } else {
        *heard.refused.lock().unwrap() += 1;
        (StatusCode::FORBIDDEN, "")
    }
}

fn open(query: &HashMap<String, String>, sealed: &str) -> Option<(String, String)> {
    let mut values = [TOKEN, &query["timestamp"], &query["nonce"], sealed];
    values.sort_unstable();
    if hex::encode(Sha1::digest(values.concat())) != query["msg_signature"] {
        return None;
    }
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&alphabet::STANDARD, config);
    let key: [u8; 32] = engine.decode(KEY).unwrap().try_into().unwrap();
    let iv: [u8; 16] = key[..16].try_into().unwrap();
    let cipher = cbc::Decryptor::<Aes256>::new(&key.into(), &iv.into());
    let plain = cipher
        .decrypt_padded_vec::<NoPadding>(&engine.decode(sealed).unwrap())
        .unwrap();
    let plain = &plain[..plain.len() - usize::from(*plain.last().unwrap())];
    let length = usize::try_from(u32::from_be_bytes(plain[16..20].try_into().unwrap())).unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Some((text(&plain[20..20 + length]), text(&plain[20 + length..])))
}
