use super::*;

#[track_caller]
fn check(broker: Option<&str>, expected: &[&str]) {
    let told: Vec<_> = ways(broker)
        .map(|(layout, broker)| format!("{} over {}", layout.roles().join(" "), broker.unwrap_or("memory")))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn a_server_is_measured_in_every_layout_that_its_queue_allows() {
    let alone = [
        "api,scheduler,worker over memory",
        "api,scheduler worker over memory",
        "api,scheduler worker worker over memory",
    ];
    let told = [
        "api,scheduler worker over amqp",
        "api,scheduler worker worker over amqp",
    ];
    check(None, &alone);
    check(Some("amqp"), &[&alone[..], &told].concat());
}
