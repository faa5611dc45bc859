use super::*;

fn read(file: &str, environment: &[(&str, &str)]) -> anyhow::Result<Settings> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("moments.toml");
    std::fs::write(&path, file).expect("a file");
    Settings::read(
        &path,
        environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
    )
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
    let settings = read(
        "[http]\nlisten = \"127.0.0.1:1\"\n[publish]\nmax_attempts = 9",
        &[("MOMENTS_HTTP_LISTEN", "127.0.0.1:2")],
    )
    .expect("settings");
    assert_eq!(
        (settings.http.listen.as_str(), settings.publish.max_attempts),
        ("127.0.0.1:2", 9)
    );
    assert_eq!(settings.wecom.creates_per_minute, 10);
}

#[test]
fn every_default_names_its_environment_variable() {
    for (variable, key) in environment_names().expect("names") {
        assert!(
            DEFAULTS.contains(&format!("# {variable}\n")),
            "{key} does not name {variable}"
        );
    }
}

#[test]
fn mistakes_are_told_all_at_once_and_without_secrets() {
    let wrong = "[wecom]\nsuccess_at = \"soon\"\n[publish]\nduplicates = \"maybe\"\n[log]\nformat = \"xml\"\n[auth]\nhs256_secret = \"short-secret\"";
    let told = format!("{:#}", read(wrong, &[]).expect_err("wrong"));
    for part in [
        "wecom.success_at",
        "publish.duplicates",
        "log.format",
        "auth.hs256_secret",
    ] {
        assert!(told.contains(part), "{told}");
    }
    assert!(!told.contains("short-secret"), "{told}");
    for (media, told_of) in [
        ("store = \"ftp://b\"", "media.store"),
        (
            "store = \"s3://b\"\ns3_access_key_id = \"id\"",
            "media.s3_secret_access_key",
        ),
    ] {
        let told = format!("{:#}", read(&format!("[media]\n{media}"), &[]).expect_err("wrong"));
        assert!(told.contains(told_of), "{told}");
    }
    let told = format!("{:#}", read("[http]\nport = 1", &[]).expect_err("unknown key"));
    assert!(told.contains("port"), "{told}");
    let told = format!(
        "{:#}",
        read("", &[("MOMENTS_HTTP_PORT", "1")]).expect_err("unknown variable")
    );
    assert!(told.contains("MOMENTS_HTTP_PORT"), "{told}");
}
