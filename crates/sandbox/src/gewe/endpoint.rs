//! The calls of the gateway (reference personal-gateway 14, "Serve") and what each demands before it acts.

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endpoint {
    pub(crate) api: Api,
    /// Path below the prefix.
    path: &'static str,
    /// Outer `msg` of a failure: the action (reference 4.1).
    pub(crate) failed: &'static str,
    /// Fields that must be there and not empty, in the order complained about.
    pub(crate) required: &'static [&'static str],
    /// What the device must be.
    pub(crate) device: Need,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// No device is named.
    Nothing,
    /// `appId` is known.
    Known,
    /// `appId` is known and its account online.
    Online,
}

/// What is called. Two paths may mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    GetLoginQrCode,
    CheckLogin,
    DialogLogin,
    Reconnection,
    CheckOnline,
    Logout,
    SetCallback,
    GetProfile,
    LabelList,
    UploadSnsImage,
    UploadSnsVideo,
    SendTextSns,
    SendImgSns,
    SendVideoSns,
    SendUrlSns,
    ContactsSnsList,
    SnsList,
    SnsDetails,
    DelSns,
    SnsSetPrivacy,
}

const ENDPOINTS: [Endpoint; Endpoint::COUNT] = [
    row(
        Api::GetLoginQrCode,
        "login/getLoginQrCode",
        "获取登录二维码失败",
        &["regionId"],
        Need::Nothing,
    ),
    row(
        Api::CheckLogin,
        "login/checkLogin",
        "检查登录失败",
        &["appId", "uuid"],
        Need::Known,
    ),
    row(
        Api::DialogLogin,
        "login/dialogLogin",
        "弹框登录失败",
        &["appId", "regionId"],
        Need::Known,
    ),
    row(
        Api::Reconnection,
        "login/reconnection",
        "断线重连失败",
        &["appId"],
        Need::Known,
    ),
    row(
        Api::CheckOnline,
        "login/checkOnline",
        "检查在线失败",
        &["appId"],
        Need::Known,
    ),
    row(Api::Logout, "login/logout", "退出登录失败", &["appId"], Need::Known),
    row(
        Api::SetCallback,
        "login/setCallback",
        "设置回调地址失败",
        &["token", "callbackUrl"],
        Need::Nothing,
    ),
    row(
        Api::SetCallback,
        "tools/setCallback",
        "设置回调地址失败",
        &["token", "callbackUrl"],
        Need::Nothing,
    ),
    row(
        Api::GetProfile,
        "personal/getProfile",
        "获取个人资料失败",
        &["appId"],
        Need::Online,
    ),
    row(
        Api::LabelList,
        "label/list",
        "获取标签列表失败",
        &["appId"],
        Need::Online,
    ),
    row(
        Api::UploadSnsImage,
        "sns/uploadSnsImage",
        "上传朋友圈图片失败",
        &["appId", "imgUrls"],
        Need::Online,
    ),
    row(
        Api::UploadSnsVideo,
        "sns/uploadSnsVideo",
        "上传朋友圈视频失败",
        &["appId", "videoUrl", "thumbUrl"],
        Need::Online,
    ),
    row(
        Api::SendTextSns,
        "sns/sendTextSns",
        "发布朋友圈失败",
        &["appId", "content"],
        Need::Online,
    ),
    row(
        Api::SendImgSns,
        "sns/sendImgSns",
        "发布朋友圈失败",
        &["appId", "imgInfos"],
        Need::Online,
    ),
    row(
        Api::SendVideoSns,
        "sns/sendVideoSns",
        "发布朋友圈失败",
        &["appId", "videoInfo"],
        Need::Online,
    ),
    row(
        Api::SendUrlSns,
        "sns/sendUrlSns",
        "发布朋友圈失败",
        &["appId", "thumbUrl", "linkUrl", "title", "description"],
        Need::Online,
    ),
    row(
        Api::ContactsSnsList,
        "sns/contactsSnsList",
        "获取朋友圈失败",
        &["appId", "wxid"],
        Need::Online,
    ),
    row(Api::SnsList, "sns/snsList", "获取朋友圈失败", &["appId"], Need::Online),
    row(
        Api::SnsDetails,
        "sns/snsDetails",
        "获取朋友圈详情失败",
        &["appId", "snsId"],
        Need::Online,
    ),
    row(
        Api::DelSns,
        "sns/delSns",
        "删除朋友圈失败",
        &["appId", "snsId"],
        Need::Online,
    ),
    row(
        Api::SnsSetPrivacy,
        "sns/snsSetPrivacy",
        "设置朋友圈权限失败",
        &["appId", "snsId", "open"],
        Need::Online,
    ),
];

const fn row(
    api: Api,
    path: &'static str,
    failed: &'static str,
    required: &'static [&'static str],
    device: Need,
) -> Endpoint {
    Endpoint {
        api,
        path,
        failed,
        required,
        device,
    }
}

impl Endpoint {
    pub(crate) const COUNT: usize = 21;

    /// By its path below the prefix.
    pub(crate) fn of(path: &str) -> Option<(usize, Self)> {
        ENDPOINTS
            .iter()
            .copied()
            .enumerate()
            .find(|(_, endpoint)| endpoint.path == path)
    }

    /// The last part of the path: the name in counters and faults.
    pub(crate) fn name(self) -> &'static str {
        self.path.rsplit_once('/').map_or(self.path, |(_, name)| name)
    }

    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        ENDPOINTS.iter().map(|endpoint| endpoint.name())
    }

    /// Whether a success makes a moment.
    pub(crate) fn publishes(self) -> bool {
        matches!(
            self.api,
            Api::SendTextSns | Api::SendImgSns | Api::SendVideoSns | Api::SendUrlSns
        )
    }
}
