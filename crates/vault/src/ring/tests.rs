use super::*;

/// A ring with one key per id; each key's bytes are its id's first letter.
fn ring(ids: &str) -> KeyRing {
    let setting: Vec<_> = ids
        .split(' ')
        .map(|id| format!("{id}:{}", STANDARD.encode([id.as_bytes()[0]; 32])))
        .collect();
    KeyRing::parse(&setting.join(", ").into()).expect("a ring")
}

fn sealed(ids: &str) -> String {
    ring(ids)
        .seal("channel:17:credential", &"app secret".into())
        .expect("sealed")
}

/// What `ring(ids)` says when it opens `text` for the row `aad`: the secret, or the error's name.
fn opened(ids: &str, aad: &str, text: &str) -> String {
    match ring(ids).open(aad, text) {
        Ok(secret) => secret.expose_secret().to_owned(),
        Err(VaultError::MissingKey { key_id }) => format!("missing {key_id}"),
        Err(VaultError::Tampered { key_id }) => format!("tampered {key_id}"),
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn what_was_sealed_opens_with_every_ring_that_holds_its_key() {
    let text = sealed("a");
    assert!(text.starts_with("v1.a."), "{text}");
    for (ids, expected) in [("a", "app secret"), ("b a", "app secret"), ("b", "missing a")] {
        assert_eq!(opened(ids, "channel:17:credential", &text), expected, "ring {ids}");
    }
}

#[test]
fn a_sealed_text_is_bound_to_its_row_and_to_its_bytes() {
    let text = sealed("a");
    let (head, body) = text.rsplit_once('.').expect("three parts");
    let flipped = format!(
        "{head}.{}",
        body.replace(&body[20..21], if &body[20..21] == "A" { "B" } else { "A" })
    );
    for (aad, text, expected) in [
        ("channel:18:credential", text.clone(), "tampered a"),
        ("channel:17:credential", flipped, "tampered a"),
        ("channel:17:credential", format!("{head}.AAAA"), "Malformed"),
        (
            "channel:17:credential",
            format!("{head}.{}", "A".repeat(16)),
            "tampered a",
        ),
        ("channel:17:credential", text.replace("v1.", "v2."), "Malformed"),
        ("channel:17:credential", format!("{text}.x"), "Malformed"),
        ("channel:17:credential", String::new(), "Malformed"),
    ] {
        assert_eq!(opened("a", aad, &text), expected, "{aad} {text}");
    }
}

#[test]
fn another_key_under_the_same_id_is_noticed() {
    let text = sealed("a");
    let other: SecretString = format!("a:{}", STANDARD.encode([9; 32])).into();
    let answer = KeyRing::parse(&other)
        .expect("a ring")
        .open("channel:17:credential", &text);
    assert_eq!(answer.err(), Some(VaultError::Tampered { key_id: "a".into() }));
}

#[test]
fn sealing_twice_gives_two_texts() {
    assert_ne!(sealed("a"), sealed("a"));
}

#[test]
fn only_texts_of_older_keys_are_sealed_again() {
    let rotated = ring("b a");
    assert!(rotated.needs_reseal(&sealed("a")));
    assert!(!rotated.needs_reseal(&sealed("b a")));
    assert!(!rotated.needs_reseal("not sealed"));
}

#[test]
fn a_setting_that_is_no_ring_says_which_entry_is_wrong() {
    let key = STANDARD.encode([1; 32]);
    for (setting, expected) in [
        (String::new(), "为空"),
        (" , ".into(), "为空"),
        ("a".into(), "第 1 个密钥无效：缺少冒号"),
        (format!("a:{key},b:short"), "第 2 个密钥无效：不是标准的 base64"),
        (format!("a:{key},b:AAAA"), "第 2 个密钥无效：密钥长度不是 32 字节"),
        (format!("a.b:{key}"), "第 1 个密钥无效：编号须为"),
        (format!(":{key}"), "第 1 个密钥无效：编号须为"),
        (format!("a:{key},a:{key}"), "密钥编号 a 重复"),
    ] {
        let message = KeyRing::parse(&setting.clone().into()).expect_err(&setting).to_string();
        assert!(message.contains(expected), "{setting}: {message}");
        assert!(!message.contains(&key), "the key is in the message");
    }
}

#[test]
fn a_generated_ring_is_usable_and_new_each_time() {
    let first = KeyRing::generate().expect("a ring");
    assert_ne!(
        first.expose_secret(),
        KeyRing::generate().expect("a ring").expose_secret()
    );
    let ring = KeyRing::parse(&first).expect("parses");
    let text = ring.seal("row", &"s".into()).expect("sealed");
    assert_eq!(ring.open("row", &text).expect("opens").expose_secret(), "s");
}

#[test]
fn a_signature_outlives_a_rotation_but_not_its_key_or_its_message() {
    let signature = ring("a").sign("media/7?exp=1");
    for (ids, message, valid) in [
        ("a", "media/7?exp=1", true),
        ("b a", "media/7?exp=1", true),
        ("b", "media/7?exp=1", false),
        ("a", "media/8?exp=1", false),
    ] {
        assert_eq!(ring(ids).verify(message, &signature), valid, "{ids} {message}");
    }
    for forged in ["", "%%%", &signature[1..]] {
        assert!(!ring("a").verify("media/7?exp=1", forged), "{forged}");
    }
}

#[test]
fn debug_shows_ids_only() {
    assert_eq!(format!("{:?}", ring("b a")), r#"KeyRing { ids: ["b", "a"], .. }"#);
}
