use super::*;

#[test]
fn messages_carry_figures_that_make_sense() {
    for (error, message) in [
        (
            MediaError::TooLarge {
                bytes: Some(10 * 1024 * 1024 + 1),
                limit: 10 * 1024 * 1024,
            },
            "文件大小 10.1 MB，超过上限 10 MB，请压缩后再试",
        ),
        (
            MediaError::TooLarge {
                bytes: None,
                limit: 52_428_800,
            },
            "文件超过上限 50 MB，请压缩后再试",
        ),
        (
            MediaError::TooLong {
                duration_ms: 30_020,
                limit_secs: 30,
            },
            "视频时长 30.1 秒，超过上限 30 秒，请剪短后再试，或设置 videoCut 为 true，只发布前 30 秒",
        ),
    ] {
        assert_eq!(error.operator_message(), message);
    }
}

#[test]
fn only_trouble_that_may_pass_is_retried() {
    for (error, retryable) in [
        (MediaError::TimedOut, true),
        (MediaError::NotKept, true),
        (MediaError::HttpStatus(503), true),
        (MediaError::HttpStatus(429), true),
        (MediaError::HttpStatus(404), false),
        (MediaError::HttpStatus(403), false),
        (MediaError::Address(UrlProblem::PrivateAddress), false),
        (MediaError::Broken { detail: "" }, false),
    ] {
        assert_eq!(error.retryable(), retryable, "{error}");
    }
}
