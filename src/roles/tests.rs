use super::*;

fn read(names: &str) -> anyhow::Result<Roles> {
    Roles::read(&names.split(',').map(str::to_owned).collect::<Vec<_>>())
}

/// What is wrong with these roles; empty: nothing.
fn check(names: &str, environment: &[(&str, &str)], sandbox: bool) -> String {
    let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    let settings = Settings::read(std::path::Path::new("no such file"), environment).expect("settings");
    let checked = read(names).and_then(|roles| roles.check(&settings, sandbox));
    checked.err().map(|error| error.to_string()).unwrap_or_default()
}

const SERVER: (&str, &str) = ("MOMENTS_DATABASE_URL", "postgres://db/moments");

#[test]
fn roles_are_read_in_any_order_and_told_in_one() {
    for (given, told) in [
        ("worker,api,scheduler", "api,scheduler,worker"),
        ("worker,worker", "worker"),
        ("scheduler,api", "api,scheduler"),
    ] {
        assert_eq!(read(given).expect(given).names(), told);
    }
    for wrong in ["", "publisher", "api;worker", "API"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn what_roles_need_is_told() {
    let gateway = [SERVER, ("MOMENTS_GEWE_ENABLED", "true")];
    for (names, environment, sandbox, word) in [
        ("api,scheduler,worker", &[][..], false, ""),
        ("api,scheduler,worker", &[], true, ""),
        ("worker", &[], false, "SQLite"),
        ("worker", &[SERVER], false, ""),
        ("api", &[SERVER], false, ""),
        ("api,worker", &[SERVER], true, "--sandbox"),
        ("worker", &gateway, false, "http.public_url"),
        ("api,worker", &gateway, false, ""),
    ] {
        let told = check(names, environment, sandbox);
        assert!(
            told.contains(word) && told.is_empty() == word.is_empty(),
            "{names} {environment:?}: {told}"
        );
    }
}
