//! The table of errors: each kind of "no" with its status and its code for programs.

use axum::body::to_bytes;
use axum::response::IntoResponse;
use moments_domain::{AccountId, FailReason, Failure, Finding, FindingCode, FindingLevel, MomentError};
use moments_engine::Problem;
use serde_json::{Value, json};

use super::world::NOW;
use crate::envelope;
use crate::error::ApiError;

async fn check(problem: Problem, status: u16, data: Value) {
    let response = envelope::close(ApiError::from(problem).into_response(), NOW);
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    let envelope: Value = serde_json::from_slice(&bytes).expect("an envelope");
    assert_eq!(
        (&envelope["code"], &envelope["data"]),
        (&json!(status), &data),
        "{envelope}"
    );
}

#[tokio::test]
async fn every_problem_has_the_status_of_the_conventions_and_a_stable_code() {
    let failure = || Failure::new(FailReason::CredentialBroken, "凭证失效");
    let code = |code: &str| json!({ "error": code });
    let refused = |code: &str| json!({ "error": code, "reason": "CREDENTIAL_BROKEN" });
    let account = || AccountId("wxid_1".into());

    let missing = json!({ "error": "WechatAccountNotFoundException", "accountIds": ["wxid_1"] });
    check(MomentError::WechatAccountNotFound(vec![account()]).into(), 404, missing).await;
    let busy = MomentError::MomentSyncCreation("数据库繁忙".into());
    check(busy.into(), 503, code("MomentSyncCreationException")).await;
    check(
        MomentError::WechatApi(failure()).into(),
        422,
        refused("WechatApiException"),
    )
    .await;
    check(
        MomentError::MomentPublishFailed(failure()).into(),
        422,
        refused("MomentPublishFailedException"),
    )
    .await;

    check(Problem::NotFound("任务"), 404, code("NOT_FOUND")).await;
    check(Problem::Conflict("已被占用".into()), 409, code("CONFLICT")).await;
    check(Problem::SwitchedOff("未启用"), 409, code("SWITCHED_OFF")).await;
    check(Problem::Internal("a cause".into()), 500, code("INTERNAL")).await;

    check(Problem::Invalid(Vec::new()), 422, json!([])).await;
    let unfit = json!([{ "field": "contentId", "message": "没有图片" }]);
    check(Problem::Unfit("没有图片".into()), 422, unfit).await;
    let expired = json!([{
        "field": "accountIds",
        "message": "账号 wxid_1 授权已失效，请重新授权后再发布",
        "accountId": "wxid_1",
        "status": "EXPIRED",
        "code": "ACCOUNT_EXPIRED",
    }]);
    let finding = |level| Finding {
        level,
        code: FindingCode::AccountExpired,
        field: "accountIds",
        message: "账号 wxid_1 授权已失效".into(),
        advice: "请重新授权后再发布".into(),
        account_id: Some(account()),
    };
    let findings = vec![finding(FindingLevel::Warning), finding(FindingLevel::Blocked)];
    check(Problem::Blocked(findings), 422, expired).await;
}
