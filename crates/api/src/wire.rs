//! How values of the domain look in JSON.

use moments_domain::ids::MAX_ID;
use moments_domain::{
    AccountStatus, AccountType, AppKind, ChannelKind, FailReason, FindingCode, FindingLevel, InstallStatus, LimitKind,
    LoginStatus, NoticedBy, ResultStatus, Stage, StatusCode, TaskStatus, Timestamp, Verdict,
};
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::{KnownFormat, Object, ObjectBuilder, SchemaFormat};

/// A time in answers: ISO 8601 in UTC with whole seconds, `2023-10-26T16:00:00Z`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WireTime(pub(crate) Timestamp);

impl Serialize for WireTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Timestamp::from_secs(self.0.as_secs()))
    }
}

/// Reads ISO 8601 with an offset; null is absent. A time without offset is refused: nobody could tell when it is.
pub(crate) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let wrong = || D::Error::invalid_value(Unexpected::Other("text"), &"a time with its offset");
    Timestamp::parse(&text).map(Some).ok_or_else(wrong)
}

/// Reads an id of another module: 1 to 2^53-1; null is absent.
pub(crate) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    match Option::<i64>::deserialize(deserializer)? {
        Some(id) if !(1..=MAX_ID).contains(&id) => Err(D::Error::invalid_value(Unexpected::Signed(id), &"an id")),
        id => Ok(id),
    }
}

/// Schemas of enumerations, taken from their one list of names.
macro_rules! enumerations {
    ($($function:ident => $name:ident, $description:literal;)+) => {
        $(pub(crate) fn $function() -> Object {
            names($name::ALL.iter().map(|value| value.name()), $description)
        })+
    };
}
enumerations! {
    account_type => AccountType, "账号类型：PERSONAL 个人微信，WEWORK 企业微信成员";
    account_status => AccountStatus, "账号状态：ACTIVE 可发布，OFFLINE 暂时离线，EXPIRED 须重新授权";
    install_status => InstallStatus, "安装进度：WAITING 等待管理员，DONE 已绑定渠道，FAILED 未完成，EXPIRED 链接已过期，UNCLAIMED 无人认领";
    channel_kind => ChannelKind, "平台：WECOM 企业微信应用，GEWE 个人微信网关设备";
    noticed_by => NoticedBy, "由谁发现：CHECK 定期检查，PUBLISH 发布时，CALLBACK 平台通知，USER 用户触发的检查，BIND 绑定渠道";
    login_status => LoginStatus, "登录进度：WAITING 等待扫码，SCANNED 已扫码待确认，VERIFY 需要额外验证，DONE 已登录并绑定，CANCELLED 已取消，EXPIRED 已过期，FAILED 失败";
    task_status => TaskStatus, "任务状态，由各账号的结果汇总得出";
    result_status => ResultStatus, "该账号的发布状态";
    finding_level => FindingLevel, "WARNING 提醒，不影响创建任务；BLOCKED 阻止创建任务";
    finding_code => FindingCode, "检查结果代码";
    verdict => Verdict, "READY 可以发布，WARNING 可以发布但有提醒，BLOCKED 无法发布";
    stage => Stage, "该账号当前所处的环节，比发布状态更细";
}

/// The schema of `errorReason`: one of the names, or null.
pub(crate) fn fail_reason() -> Object {
    let reasons = FailReason::ALL.iter().map(|reason| reason.name());
    names_or_null(reasons, "失败原因代码，未失败时为 null")
}

/// The schema of `statusCode`: one of the names, or null.
pub(crate) fn status_code() -> Object {
    let names = StatusCode::ALL.iter().map(|code| code.name());
    names_or_null(names, "不能发布的原因代码，状态为 ACTIVE 时为 null")
}

/// The schema of the limit that a result waits for, or null.
pub(crate) fn limit_kind_or_null() -> Object {
    let limits = LimitKind::ALL.iter().map(|limit| limit.name());
    let description = "正在等待的限制：POSTS_PER_DAY 每日条数，POSTS_PER_MONTH 每月条数，MIN_GAP 最小间隔，QUIET_HOURS 安静时段，\
        WARM_UP 新账号静默期，CREATION_RATE 平台创建频率，PLATFORM_PAUSE 平台要求暂停";
    names_or_null(limits, description)
}

/// The schema of an account's status where there may be none to tell of.
pub(crate) fn account_status_or_null() -> Object {
    let statuses = AccountStatus::ALL.iter().map(|status| status.name());
    names_or_null(statuses, "账号状态；没有可说明的状态时为 null")
}

/// The schema of a channel's `appKind`: one of the names, or null.
pub(crate) fn app_kind_or_null() -> Object {
    let names = AppKind::ALL.iter().map(|kind| kind.name());
    names_or_null(
        names,
        "企业微信应用类型：SELF_BUILT 企业自建应用，THIRD_PARTY 第三方应用，PROVIDER_DEVELOPED 服务商代开发应用；其他渠道为 null",
    )
}

/// The schema of a time that is always there.
pub(crate) fn date_time() -> Object {
    time_schema(Type::String.into())
}

/// The schema of a time or null.
pub(crate) fn date_time_or_null() -> Object {
    time_schema(nullable_text())
}

/// The schema of a time in a request: any offset, or null.
pub(crate) fn wanted_time() -> Object {
    let description = "定时发布时间，ISO 8601，须带时区；不能早于当前时间，最晚一年以内。立即发布则不传";
    ObjectBuilder::from(date_time_or_null())
        .description(Some(description))
        .build()
}

fn time_schema(schema_type: SchemaType) -> Object {
    ObjectBuilder::new()
        .schema_type(schema_type)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .description(Some("ISO 8601 时间（UTC）"))
        .examples(["2023-10-26T16:00:00Z"])
        .build()
}

fn nullable_text() -> SchemaType {
    SchemaType::from_iter([Type::String, Type::Null])
}

/// The schema of the kinds of app that are installed.
pub(crate) fn installed_app_kind() -> Object {
    let kinds = [AppKind::ThirdParty, AppKind::ProviderDeveloped];
    names(
        kinds.iter().map(|kind| kind.name()),
        "应用类型：THIRD_PARTY 第三方应用，PROVIDER_DEVELOPED 服务商代开发应用",
    )
}

fn names_or_null(names: impl Iterator<Item = &'static str>, description: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(nullable_text())
        .enum_values(Some(names.map(Some).chain([None])))
        .description(Some(description))
        .build()
}

fn names(names: impl Iterator<Item = &'static str>, description: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(names))
        .description(Some(description))
        .build()
}
