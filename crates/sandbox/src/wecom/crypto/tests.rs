//! The vectors of reference wecom 4.8.

use super::CallbackKeys;

struct Vector {
    token: &'static str,
    aes_key: &'static str,
    timestamp: &'static str,
    nonce: &'static str,
    random: &'static [u8; 16],
    message: &'static str,
    receive_id: &'static str,
    sealed: &'static str,
    signature: &'static str,
}

const OWN_TOKEN: &str = "kQ7mZ2vTx9Lr4Hd";
const OWN_KEY: &str = "ISTYBvIdqX01QXnNIUr0rhaQFZNvrt7ArEKO84BJOAB";

const VECTORS: [Vector; 3] = [
    Vector {
        token: "QDG6eK",
        aes_key: "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
        timestamp: "1409659813",
        nonce: "1372623149",
        random: b"0960688932c47ef1",
        message: "<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>\n<FromUserName><![CDATA[mycreate]]></FromUserName>\n\
                  <CreateTime>1409659813</CreateTime>\n<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[hello]]></Content>\n\
                  <MsgId>4561255354251345929</MsgId>\n<AgentID>218</AgentID>\n</xml>",
        receive_id: "wx5823bf96d3bd56c7",
        sealed: "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q==",
        signature: "477715d11cdb4164915debcba66cb864d751f3e6",
    },
    Vector {
        token: OWN_TOKEN,
        aes_key: OWN_KEY,
        timestamp: "1767060000",
        nonce: "5209471836",
        random: b"0123456789abcdef",
        message: "<xml><SuiteId><![CDATA[ww5f0a91c27d3be648]]></SuiteId><InfoType><![CDATA[suite_ticket]]></InfoType>\
                  <TimeStamp>1767060000</TimeStamp><SuiteTicket><![CDATA[Tk-9uY3demoTicket_0001]]></SuiteTicket></xml>",
        receive_id: "ww5f0a91c27d3be648",
        sealed: "/jRbwWUb4jkpB7b/iE9M9whfurWAR9xPvYy5rnucZGloJLs3te6HQhb/J3G+gWsYrNhIFJQxqBWefFsVhu0yu6IWSVqDQcS/MrbiZQCESguRfCRJ5OVQQcg4CjWlIwgfSXWw3mDm7FXlpUOYXrePbCazkGI+NKkPgLppcPi41Z7MswvK8E/Oh1RRVh/KPhNVIQMvEHO47emqqprNgTwnRzfhx93cRKuP7hshu8iNOCU2xwzuvfRJu/i08ytwrdV7FfTtMQhEfZFBLAQJ+K3rQ6e/o+5JBhjrZM/Tz5rwiSIReObocaMYjNn0xiGdo5GNQP/6MQuFkxRS++1i41Os4Q==",
        signature: "417a1d7171c6e6cc3e1be947645cab74703bca85",
    },
    Vector {
        token: OWN_TOKEN,
        aes_key: OWN_KEY,
        timestamp: "1767060001",
        nonce: "884213",
        random: b"fedcba9876543210",
        message: "73018455209166334207156248",
        receive_id: "ww7c1f0e9ab2d45388",
        sealed: "4a4yXV6TYQ8KPpiiBwYX/lq97GvvGJhY6DsbiFXhkPejvltPXST0BoibXrqBOy86cyP+h14Nh/C8LHgeKTXMZIkC5ViGAxY6hDjVii6TG/pJ1eT498L5gEmUcO1RUvDX",
        signature: "6d5277a68174c9e8c6dae10b451af382cc7c3dbe",
    },
];

#[test]
fn what_is_sealed_and_signed_is_what_the_reference_shows() {
    for vector in &VECTORS {
        let keys = CallbackKeys::new(vector.token, vector.aes_key).unwrap();
        let sealed = keys.seal(*vector.random, vector.message, vector.receive_id);
        assert_eq!(sealed, vector.sealed, "{}", vector.nonce);
        assert_eq!(
            keys.signature(vector.timestamp, vector.nonce, &sealed),
            vector.signature,
            "{}",
            vector.nonce
        );
    }
}

#[test]
fn keys_that_the_console_never_gives_are_refused() {
    for (token, aes_key) in [
        ("", OWN_KEY),
        ("has-a-dash", OWN_KEY),
        (OWN_TOKEN, &OWN_KEY[..42]),
        (OWN_TOKEN, "+STYBvIdqX01QXnNIUr0rhaQFZNvrt7ArEKO84BJOAB"),
    ] {
        assert!(CallbackKeys::new(token, aes_key).is_err(), "{token} {aes_key}");
    }
}
