use super::*;

const KINDS: [IdKind; 5] = [
    IdKind::Moment,
    IdKind::Job,
    IdKind::Media,
    IdKind::Listed,
    IdKind::Cursor,
];

#[test]
fn an_id_gives_back_its_place_and_only_as_its_kind() {
    let ids = IdMaker::new(7);
    for (owner, seq) in [(0, 0), (1, 0), (0, 1), (u32::MAX, (1 << 48) - 1), (3, 999_999)] {
        for kind in KINDS {
            let id = ids.make(kind, owner, seq);
            for read_as in KINDS {
                let expected = (read_as == kind).then_some((owner, seq));
                assert_eq!(ids.read(read_as, &id), expected, "{id} as {read_as:?}");
            }
        }
    }
}

#[test]
fn a_moment_id_has_the_platform_s_shape() {
    let id = IdMaker::new(1).make(IdKind::Moment, 2, 3);
    assert_eq!(id.len(), 34);
    assert!(
        id.starts_with("mom") && id.chars().all(|c| c.is_ascii_alphanumeric()),
        "{id}"
    );
}

#[test]
fn another_sandbox_and_a_changed_character_are_not_recognised() {
    let id = IdMaker::new(1).make(IdKind::Moment, 2, 3);
    assert_eq!(IdMaker::new(2).read(IdKind::Moment, &id), None);
    let last = if id.ends_with('a') { 'b' } else { 'a' };
    let changed = format!("{}{last}", &id[..id.len() - 1]);
    assert_eq!(IdMaker::new(1).read(IdKind::Moment, &changed), None);
    assert_eq!(IdMaker::new(1).read(IdKind::Moment, "mom0eo9iCwAAé"), None);
}
