use super::*;

fn entry(number: i64, hash: &str) -> AuditEntry {
    let bare = AuditEntry {
        number: 0,
        id: number,
        user: UserId(1),
        actor: "USER".to_owned(),
        action: "BIND".to_owned(),
        object: "CHANNEL".to_owned(),
        object_id: "31".to_owned(),
        detail: "{}".to_owned(),
        request_id: None,
        time: Timestamp::from_secs(1),
        prev_hash: String::new(),
        hash: String::new(),
    };
    bare.chained((number - 1, hash))
}

#[test]
fn each_way_to_break_the_chain_has_its_name() {
    let first = entry(1, AuditEntry::GENESIS);
    let second = entry(2, &first.hash);
    let last = (1, first.hash.clone());
    let changed = AuditEntry {
        object_id: "32".to_owned(),
        ..second.clone()
    };
    let rehashed = entry(2, &"1".repeat(64));
    for (entry, expected) in [
        (second.clone(), None),
        (entry(3, &second.hash), Some(Broken::Missing(2))),
        (changed, Some(Broken::Changed(2))),
        (rehashed, Some(Broken::Unlinked(2))),
    ] {
        assert_eq!(judge(&entry, &last), expected);
    }
}

#[tokio::test]
async fn an_entry_names_the_request_that_it_was_written_for() {
    assert_eq!(request_id(), None);
    assert_eq!(in_request("r1", async { request_id() }).await.as_deref(), Some("r1"));
    assert_eq!(request_id(), None);
}
