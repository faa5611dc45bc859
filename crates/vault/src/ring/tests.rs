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
    assert!(text.starts_with("v2.a."), "{text}");
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
        ("channel:17:credential", text.replace("v2.", "v1."), "Malformed"),
        ("channel:17:credential", text.replace("v2.", "v3."), "Malformed"),
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

/// Sealed for `channel:17:credential` under the key of `ring("a")` by the version before data keys.
const FIRST_FORM: &str = "v1.a.AAECAwQFBgcICQoL1mqUwCPqIee6vUhescJCLOPhUgC5om3rpLc";

#[test]
fn what_an_earlier_version_has_sealed_is_read_and_gets_todays_form_with_the_next_key() {
    assert_eq!(opened("a", "channel:17:credential", FIRST_FORM), "app secret");
    assert_eq!(opened("a", "channel:18:credential", FIRST_FORM), "tampered a");
    let fresh = ring("b a").reseal("channel:17:credential", FIRST_FORM).expect("sealed");
    assert!(fresh.starts_with("v2.b."), "{fresh}");
    assert_eq!(opened("b", "channel:17:credential", &fresh), "app secret");
}

#[test]
fn a_new_key_seals_the_data_key_and_leaves_the_secret_sealed() {
    let text = sealed("a");
    let fresh = ring("b a").reseal("channel:17:credential", &text).expect("sealed");
    let secret = |text: &str| text.rsplit_once('.').expect("parts").1.to_owned();
    assert_eq!(secret(&fresh), secret(&text));
    assert_eq!(opened("b", "channel:17:credential", &fresh), "app secret");
    for (ids, aad, expected) in [
        (
            "b",
            "channel:17:credential",
            VaultError::MissingKey { key_id: "a".into() },
        ),
        (
            "b a",
            "channel:18:credential",
            VaultError::Tampered { key_id: "a".into() },
        ),
    ] {
        assert_eq!(ring(ids).reseal(aad, &text).err(), Some(expected));
    }
}

#[test]
fn a_data_key_belongs_to_its_row_and_to_no_other_secret() {
    let (one, other) = (sealed("a"), sealed("a"));
    let (head, _) = one.rsplit_once('.').expect("parts");
    let mixed = format!("{head}.{}", other.rsplit_once('.').expect("parts").1);
    assert_eq!(opened("a", "channel:17:credential", &mixed), "tampered a");
}
