//! The table of errors: each kind of "no" with its status and code.

use axum::response::IntoResponse;
use moments_domain::{AccountId, FailReason, Failure, MomentError};
use moments_engine::Problem;

use crate::error::ApiError;

#[track_caller]
fn check(problem: Problem, status: u16) {
    let name = format!("{problem:?}");
    assert_eq!(ApiError::from(problem).into_response().status().as_u16(), status, "{name}");
}

#[test]
fn every_problem_has_the_status_of_the_conventions() {
    let failure = || Failure::new(FailReason::CredentialBroken, "凭证失效");
    check(Problem::Invalid(Vec::new()), 422);
    check(MomentError::WechatAccountNotFound(vec![AccountId("a".into())]).into(), 404);
    check(MomentError::MomentSyncCreation("数据库繁忙".into()).into(), 503);
    check(MomentError::WechatApi(failure()).into(), 422);
    check(MomentError::MomentPublishFailed(failure()).into(), 422);
    check(Problem::Unusable(Vec::new()), 422);
    check(Problem::NotFound("任务"), 404);
    check(Problem::Conflict("已被占用".into()), 409);
    check(Problem::Unfit("没有图片".into()), 422);
    check(Problem::SwitchedOff("未启用"), 409);
    check(Problem::Internal("a cause".into()), 500);
}
