use super::*;

#[test]
fn an_address_is_shown_without_user_and_password() {
    for (text, shown) in [
        (
            "amqp://moments:s3cret-Pw@mq.internal:5673/shop",
            "amqp://mq.internal:5673/shop",
        ),
        ("amqps://moments:s3cret-Pw@mq.internal/%2f", "amqps://mq.internal:5671/"),
        ("amqp://mq.internal", "amqp://mq.internal:5672/"),
        ("amqp://mq.internal/", "amqp://mq.internal:5672/"),
    ] {
        let address: Address = text.parse().expect(text);
        assert_eq!(address.to_string(), shown, "{text}");
        assert_eq!(format!("{address:?}"), format!("Address({shown})"), "{text}");
    }
}

#[test]
fn what_is_no_address_is_refused_without_repeating_it() {
    for text in [
        "",
        "memory:",
        "redis://s3cret-Pw@host",
        "amqp:s3cret-Pw",
        "amqp://:s3cret-Pw@host:port/",
    ] {
        let error = text.parse::<Address>().expect_err(text).to_string();
        assert!(!error.contains("s3cret"), "{error}");
    }
}

#[test]
fn a_dead_peer_is_noticed_unless_the_address_says_otherwise() {
    let heartbeat = |text: &str| text.parse::<Address>().expect(text).0.query.heartbeat;
    assert_eq!(heartbeat("amqp://host"), Some(HEARTBEAT));
    assert_eq!(heartbeat("amqp://host/?heartbeat=60"), Some(60));
}
