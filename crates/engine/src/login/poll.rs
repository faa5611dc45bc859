//! One poll of a log-in.

use std::time::Duration;

use moments_domain::{AuditActor, ChannelKind, LoginStatus, Timestamp};
use moments_platforms::{CallFailure, LoginProgress, LoginReport, LoginStage, Refusal};
use moments_store::{LOGIN_NUMBER, Login};

use super::line;
use super::secrets::LoginSecrets;
use crate::app::Engine;
use crate::failure::failure_of_call;
use crate::problem::Problem;

/// How long a person has for WeChat's extra check; gateways do not tell.
const CHECK_TAKES: Duration = Duration::from_mins(10);
/// A refusal this close to the code's end says that it has ended, whatever its words.
const ABOUT_TO_END: Duration = Duration::from_secs(10);

const EXPIRED: (LoginStatus, AuditActor) = (LoginStatus::Expired, AuditActor::System);

/// Polls a claimed log-in and says when to look again. A defect leaves it to the next claim.
pub(super) async fn look(engine: &Engine, mut login: Login) {
    if let Err(problem) = try_look(engine, &mut login).await {
        tracing::warn!(login.id = %login.id, %problem, "a log-in could not be polled");
    }
}

async fn try_look(engine: &Engine, login: &mut Login) -> Result<(), Problem> {
    let mut secrets = LoginSecrets::open(&engine.keys, login)?;
    let Some(uuid) = secrets.uuid.clone() else {
        let why = "获取登录二维码时被中断，请重新发起登录";
        return engine.end_login(login, &secrets, EXPIRED, why).await;
    };
    let number = match &login.number {
        Some(sealed) => Some(
            engine
                .keys
                .open(&LOGIN_NUMBER.bound_to(login.id), sealed)
                .map_err(|e| Problem::Internal(Box::new(e)))?,
        ),
        None => None,
    };
    let polled = engine
        .gateway()?
        .poll(&line(login, &secrets), &uuid, number.as_ref())
        .await;
    let now = engine.clock.now();
    match polled {
        Ok(LoginReport::LoggedIn(member)) => return engine.finish_login(login, &secrets, member).await,
        Ok(LoginReport::Verify(url)) => {
            if login.status != LoginStatus::Verify {
                login.expire_time = login.expire_time.max(now + CHECK_TAKES);
            }
            login.status = LoginStatus::Verify;
            secrets.verify_url = Some(url);
        }
        Ok(LoginReport::Progress(progress)) => {
            secrets.verify_url = None;
            note(login, progress, now);
        }
        Ok(LoginReport::Nothing) => (),
        Err(CallFailure::Refused(refusal)) if says_expired(&refusal) || now + ABOUT_TO_END >= login.expire_time => {
            login.expire_time = now;
        }
        Err(failure @ CallFailure::Refused(_)) => {
            let why = failure_of_call(ChannelKind::Gewe, &failure).message;
            let end = (LoginStatus::Failed, AuditActor::System);
            return engine.end_login(login, &secrets, end, &why).await;
        }
        // The gateway may be there at the next poll.
        Err(failure) => tracing::debug!(login.id = %login.id, %failure, "a poll of a log-in had no answer"),
    }
    go_on(engine, login, &secrets, now).await
}

/// Whether a refusal says in so many words that the code has ended: gateways have no number for it, and a poll that was late does not know
/// how near the end was.
fn says_expired(refusal: &Refusal) -> bool {
    refusal.message.contains("二维码") && ["过期", "失效"].iter().any(|end| refusal.message.contains(end))
}

fn note(login: &mut Login, progress: LoginProgress, now: Timestamp) {
    login.status = match progress.stage {
        LoginStage::Waiting => LoginStatus::Waiting,
        LoginStage::Scanned => LoginStatus::Scanned,
        LoginStage::Cancelled => LoginStatus::Cancelled,
    };
    if let Some(secs) = progress.seconds_left {
        login.expire_time = now + Duration::from_secs(secs);
    }
    let told = |text: String| Some(text).filter(|text| !text.is_empty());
    login.nick_name = told(progress.nick_name);
    login.avatar_url = told(progress.avatar_url);
}

async fn go_on(engine: &Engine, login: &mut Login, secrets: &LoginSecrets, now: Timestamp) -> Result<(), Problem> {
    if login.status == LoginStatus::Cancelled {
        let why = "已在手机上取消登录";
        let end = (LoginStatus::Cancelled, AuditActor::Platform);
        return engine.end_login(login, secrets, end, why).await;
    }
    if now >= login.expire_time {
        let why = "登录二维码已过期，请刷新二维码";
        return engine.end_login(login, secrets, EXPIRED, why).await;
    }
    login.secrets = Some(secrets.seal(&engine.keys, login.id)?);
    login.look_time = Some(now + engine.settings.login_poll);
    engine.store.save_login(login, now).await?;
    Ok(())
}
