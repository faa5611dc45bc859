use super::*;

static CLAIM: Sql = Sql::each(|d| {
    let rows = d.rows(&[("id", Kind::Int), ("owner", Kind::Text), ("seen", Kind::Time)]);
    d.update(
        "t_row",
        &[("owner", "v.owner"), ("seen", "v.seen")],
        &rows,
        "t.id = v.id",
    )
});

#[test]
fn a_statement_about_rows_is_written_once() {
    let expected = [
        (
            Dialect::Sqlite,
            "UPDATE t_row AS t SET owner = v.owner, seen = v.seen \
             FROM (SELECT value ->> '$[0]' AS id, value ->> '$[1]' AS owner, value ->> '$[2]' AS seen FROM jsonb_each(?)) v WHERE t.id = v.id",
        ),
        (
            Dialect::MySql,
            "UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$[0]' ERROR ON ERROR, \
             owner MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[1]' ERROR ON ERROR, \
             seen DATETIME(6) PATH '$[2]' ERROR ON ERROR)) v STRAIGHT_JOIN t_row t FORCE INDEX (PRIMARY) ON t.id = v.id SET t.owner = v.owner, t.seen = v.seen",
        ),
        (
            Dialect::Postgres,
            "UPDATE t_row AS t SET owner = v.owner, seen = v.seen \
             FROM (SELECT (value ->> 0)::BIGINT AS id, value ->> 1 AS owner, (value ->> 2)::TIMESTAMPTZ AS seen \
             FROM jsonb_array_elements($1::jsonb)) v WHERE t.id = v.id",
        ),
    ];
    for (dialect, text) in expected {
        assert_eq!(CLAIM.text(dialect), text);
    }
}

#[test]
fn only_sqlite_is_told_that_a_transaction_ends_with_its_first_failure() {
    let expected = [
        (Dialect::Sqlite, "UPDATE OR FAIL t_row AS t SET ", "INSERT OR FAIL"),
        (Dialect::MySql, "UPDATE rows v STRAIGHT_JOIN t_row t ", "INSERT"),
        (Dialect::Postgres, "UPDATE t_row AS t SET ", "INSERT"),
    ];
    for (dialect, update, insert) in expected {
        let text = dialect.update_within("t_row", &[("owner", "v.owner")], "rows", "t.id = v.id");
        assert!(text.starts_with(update), "{text}");
        assert_eq!(dialect.insert_within(), insert);
    }
}

#[test]
fn parameters_are_numbered_in_their_order() {
    assert_eq!(
        numbered("a = ? AND b = ?::timestamptz"),
        "a = $1 AND b = $2::timestamptz"
    );
    assert_eq!(numbered("SELECT 1"), "SELECT 1");
}
