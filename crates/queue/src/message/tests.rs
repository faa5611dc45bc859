use super::*;

#[test]
fn a_message_is_read_as_it_was_written() {
    for (id, channel) in [(1, 2), (i64::MAX, i64::MIN)] {
        let ready = Ready {
            id: PublicationId(id),
            channel_id: ChannelId(channel),
        };
        assert_eq!(read(write(&ready).as_bytes()), Some(ready));
    }
}

#[test]
fn what_nobody_of_ours_wrote_is_not_read() {
    let huge = vec![b'1'; 10_000_000];
    for body in [
        &b""[..],
        b"1",
        b"1 2 3",
        b"one two",
        b"1 9223372036854775808",
        b"\xff\xfe 2",
        b"{}",
        &huge,
    ] {
        assert_eq!(read(body), None);
    }
}
