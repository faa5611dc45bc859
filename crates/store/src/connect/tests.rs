use super::*;

#[test]
fn an_address_is_shown_without_its_secrets() {
    let cases = [
        ("sqlite://data/moments.db", "sqlite://data/moments.db"),
        ("sqlite::memory:", "sqlite::memory:"),
        (
            "mysql://moments:p@ss/w@db.example:3306/moments?ssl-mode=REQUIRED",
            "mysql://db.example:3306/moments",
        ),
        (
            "postgres://db.example/moments?user=a&password=b",
            "postgres://db.example/moments",
        ),
    ];
    for (url, expected) in cases {
        assert_eq!(shown(url), expected);
        let debug = format!("{:?}", Options::new(url));
        assert!(
            debug.contains(expected) && !debug.contains("p@ss") && !debug.contains("password=b"),
            "{debug}"
        );
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_says_what_to_check_and_no_password() {
    let cases = [
        ("oracle://moments:geheim@127.0.0.1/x", "must begin with"),
        (
            "mysql://moments:geheim@127.0.0.1:port/x",
            "cannot open database mysql://127.0.0.1:port/x",
        ),
        (
            "postgresql://moments:geheim@127.0.0.1:port/x",
            "cannot open database postgresql://127.0.0.1:port/x",
        ),
    ];
    for (url, expected) in cases {
        let error = open(&Options::new(url)).await.expect_err("nobody is there").to_string();
        assert!(error.contains(expected) && !error.contains("geheim"), "{error}");
    }
}
