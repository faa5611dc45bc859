//! The calls of the self-built-app world, with what their error answers still carry.

use axum::http::Method;

/// 发表到成员客户的朋友圈: create and cancel moments.
pub(crate) const POST_MOMENTS: &str = "externalcontact:moment:post";
/// 获取企业全部的发表记录: read moments.
pub(crate) const LIST_MOMENTS: &str = "externalcontact:moment:list";
/// 客户基础信息: members with customers, their customers, customer tags.
pub(crate) const READ_CUSTOMERS: &str = "externalcontact:base:base";

/// One call. The order is that of [`Api::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    Gettoken,
    FollowUserList,
    UserGet,
    UserSimplelist,
    UserList,
    DepartmentSimplelist,
    CorpTagList,
    CustomerList,
    AgentGet,
    AgentPermissions,
    CallbackIp,
    UploadAttachment,
    MediaGet,
    AddMomentTask,
    MomentTaskResult,
    MomentList,
    MomentTask,
    MomentCustomerList,
    MomentSendResult,
    MomentComments,
    CancelMomentTask,
    MessageSend,
    SuiteToken,
    PreAuthCode,
    SessionInfo,
    PermanentCode,
    PermanentCodeV1,
    AuthInfo,
    AuthInfoV1,
    CorpToken,
    ProviderToken,
    CustomizedAuthUrl,
}

/// Path below `/cgi-bin/`, name in counters and faults, whether it is a POST call.
type Row = (Api, &'static str, &'static str, bool);

impl Api {
    pub(crate) const COUNT: usize = 32;

    const ALL: [Row; Self::COUNT] = [
        (Self::Gettoken, "gettoken", "gettoken", false),
        (
            Self::FollowUserList,
            "externalcontact/get_follow_user_list",
            "get_follow_user_list",
            false,
        ),
        (Self::UserGet, "user/get", "user/get", false),
        (Self::UserSimplelist, "user/simplelist", "user/simplelist", false),
        (Self::UserList, "user/list", "user/list", false),
        (
            Self::DepartmentSimplelist,
            "department/simplelist",
            "department/simplelist",
            false,
        ),
        (
            Self::CorpTagList,
            "externalcontact/get_corp_tag_list",
            "get_corp_tag_list",
            true,
        ),
        (
            Self::CustomerList,
            "externalcontact/list",
            "externalcontact/list",
            false,
        ),
        (Self::AgentGet, "agent/get", "agent/get", false),
        (
            Self::AgentPermissions,
            "agent/get_permissions",
            "agent/get_permissions",
            true,
        ),
        (Self::CallbackIp, "getcallbackip", "getcallbackip", false),
        (
            Self::UploadAttachment,
            "media/upload_attachment",
            "upload_attachment",
            true,
        ),
        (Self::MediaGet, "media/get", "media/get", false),
        (
            Self::AddMomentTask,
            "externalcontact/add_moment_task",
            "add_moment_task",
            true,
        ),
        (
            Self::MomentTaskResult,
            "externalcontact/get_moment_task_result",
            "get_moment_task_result",
            false,
        ),
        (
            Self::MomentList,
            "externalcontact/get_moment_list",
            "get_moment_list",
            true,
        ),
        (
            Self::MomentTask,
            "externalcontact/get_moment_task",
            "get_moment_task",
            true,
        ),
        (
            Self::MomentCustomerList,
            "externalcontact/get_moment_customer_list",
            "get_moment_customer_list",
            true,
        ),
        (
            Self::MomentSendResult,
            "externalcontact/get_moment_send_result",
            "get_moment_send_result",
            true,
        ),
        (
            Self::MomentComments,
            "externalcontact/get_moment_comments",
            "get_moment_comments",
            true,
        ),
        (
            Self::CancelMomentTask,
            "externalcontact/cancel_moment_task",
            "cancel_moment_task",
            true,
        ),
        (Self::MessageSend, "message/send", "message/send", true),
        (Self::SuiteToken, "service/get_suite_token", "get_suite_token", true),
        (
            Self::PreAuthCode,
            "service/get_pre_auth_code",
            "get_pre_auth_code",
            false,
        ),
        (Self::SessionInfo, "service/set_session_info", "set_session_info", true),
        (
            Self::PermanentCode,
            "service/v2/get_permanent_code",
            "get_permanent_code",
            true,
        ),
        (
            Self::PermanentCodeV1,
            "service/get_permanent_code",
            "get_permanent_code_v1",
            true,
        ),
        (Self::AuthInfo, "service/v2/get_auth_info", "get_auth_info", true),
        (Self::AuthInfoV1, "service/get_auth_info", "get_auth_info_v1", true),
        (Self::CorpToken, "service/get_corp_token", "get_corp_token", true),
        (
            Self::ProviderToken,
            "service/get_provider_token",
            "get_provider_token",
            true,
        ),
        (
            Self::CustomizedAuthUrl,
            "service/get_customized_auth_url",
            "get_customized_auth_url",
            true,
        ),
    ];

    /// The call at this path; `None` is answered with an empty 404 (reference wecom 1).
    pub(crate) fn of(path: &str) -> Option<Self> {
        let tail = path.strip_prefix("/cgi-bin/")?;
        Self::ALL.iter().find(|row| row.1 == tail).map(|row| row.0)
    }

    pub(crate) fn name(self) -> &'static str {
        Self::ALL[self as usize].2
    }

    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().map(|row| row.2)
    }

    /// Whether a provider calls it, not an app of a corp.
    pub(crate) fn is_service(self) -> bool {
        Self::ALL[self as usize].1.starts_with("service/")
    }

    /// Whether a body is expected. A GET on such a call is an error of parameters; a POST on a GET call passes.
    pub(crate) fn wants_post(self) -> bool {
        Self::ALL[self as usize].3
    }

    pub(crate) fn accepts(self, method: &Method) -> bool {
        !self.wants_post() || method == Method::POST
    }

    /// The permission without which the call answers 48002 (reference wecom 3.5).
    pub(crate) fn permission(self) -> Option<&'static str> {
        match self {
            Self::AddMomentTask | Self::CancelMomentTask => Some(POST_MOMENTS),
            Self::MomentTaskResult
            | Self::MomentList
            | Self::MomentTask
            | Self::MomentCustomerList
            | Self::MomentSendResult
            | Self::MomentComments => Some(LIST_MOMENTS),
            Self::FollowUserList | Self::CustomerList | Self::CorpTagList => Some(READ_CUSTOMERS),
            _ => None,
        }
    }

    /// List fields that an error answer still carries, empty (reference wecom 1, "Error bodies").
    pub(crate) fn lists(self) -> &'static [&'static str] {
        match self {
            Self::FollowUserList => &["follow_user"],
            Self::UserGet => &["department"],
            Self::UserSimplelist | Self::UserList => &["userlist"],
            Self::DepartmentSimplelist => &["department_id"],
            Self::CorpTagList => &["tag_group"],
            Self::CustomerList => &["external_userid"],
            Self::AgentPermissions => &["app_permissions"],
            Self::CallbackIp => &["ip_list"],
            Self::MomentList => &["moment_list"],
            Self::MomentTask => &["task_list"],
            Self::MomentCustomerList | Self::MomentSendResult => &["customer_list"],
            Self::MomentComments => &["comment_list", "like_list"],
            _ => &[],
        }
    }
}
