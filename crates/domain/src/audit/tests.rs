use super::*;

fn entry() -> AuditEntry {
    AuditEntry {
        number: 0,
        id: 7,
        user: UserId(1),
        actor: "USER".to_owned(),
        action: "BIND".to_owned(),
        object: "CHANNEL".to_owned(),
        object_id: "31".to_owned(),
        detail: r#"{"accounts":3}"#.to_owned(),
        request_id: None,
        time: Timestamp::from_secs(1_698_336_000),
        prev_hash: String::new(),
        hash: String::new(),
    }
}

#[test]
fn every_field_and_the_place_are_in_the_hash() {
    let first = entry().chained((0, AuditEntry::GENESIS));
    assert_eq!((first.number, first.hash.len()), (1, 64));
    assert_eq!(first.hash, first.digest());
    let changes: [fn(&mut AuditEntry); 11] = [
        |e| e.number = 2,
        |e| e.prev_hash = "1".repeat(64),
        |e| e.id = 8,
        |e| e.user = UserId(2),
        |e| e.actor = "SYSTEM".to_owned(),
        |e| e.action = "UNBIND".to_owned(),
        |e| e.object = "TASK".to_owned(),
        |e| e.object_id = "32".to_owned(),
        |e| e.detail = "{}".to_owned(),
        |e| e.request_id = Some(String::new()),
        |e| e.time = Timestamp(e.time.0 + 1),
    ];
    for (n, change) in changes.iter().enumerate() {
        let mut changed = first.clone();
        change(&mut changed);
        assert_ne!(changed.digest(), first.hash, "change {n}");
    }
}

#[test]
fn an_entry_is_bound_to_the_one_before() {
    let first = entry().chained((0, AuditEntry::GENESIS));
    let second = entry().chained((first.number, &first.hash));
    assert_eq!((second.number, &second.prev_hash), (2, &first.hash));
    assert_ne!(second.hash, first.hash);
}
