//! The world of `serve --sandbox`: two corps, one personal account, two suites, and everything needed to bind them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::SandboxError;
use crate::gewe::{DeviceSeed, FriendLabel, FriendSeed};
use crate::sandbox::Sandbox;
use crate::wecom::{CorpSeed, CorpSettings, MemberSeed, SuiteKind, SuiteSeed, TagSeed};

/// Credentials of the demo world. Nothing in it is real.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoWorld {
    /// Two corps: 示例连锁 with three members, 示例书店 with two.
    pub corps: Vec<DemoCorp>,
    /// One personal account, 小禾咖啡.
    pub devices: Vec<DemoDevice>,
    /// A third-party app and a template of one provider; any corp can install them. Their addresses are still empty:
    /// see [`Sandbox::set_suite_urls`].
    pub suites: Vec<SuiteSeed>,
}

/// What an administrator would type to bind a corp.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoCorp {
    /// `ww…`
    pub corpid: String,
    /// Name of the corp.
    pub name: String,
    /// The app.
    pub agentid: u64,
    /// Its secret.
    pub secret: String,
    /// Userid and name of every member, all of them good senders.
    pub members: Vec<(String, String)>,
}

/// What the owner of a personal account would type to bind it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoDevice {
    /// `X-GEWE-TOKEN`.
    pub token: String,
    /// The device handle.
    pub app_id: String,
    /// The account, already logged in.
    pub wxid: String,
    /// Its name.
    pub nick_name: String,
}

impl DemoWorld {
    fn new() -> Self {
        let chain = [("zhangwei_07", "张伟"), ("li.na", "李娜"), ("wang.fang", "王芳")];
        let books = [("chen.jie", "陈杰"), ("zhao-min", "赵敏")];
        Self {
            corps: vec![
                demo_corp(
                    ("ww6c1f0e9ab2d45388", "示例连锁"),
                    1_000_012,
                    "Demo-Chain-Secret-7Yq2Kx9Lm4Rt8Wv3",
                    &chain,
                ),
                demo_corp(
                    ("ww9d27b1f04c8e6a35", "示例书店"),
                    1_000_003,
                    "Demo-Books-Secret-3Hs8Pz5Nc1Jd6Bg0",
                    &books,
                ),
            ],
            devices: vec![DemoDevice {
                token: "demo-5b7f2c90-1e4d-4a86-9c3b-70d8e6f1a254".to_owned(),
                app_id: "wx_Qe7RkT20pLmVx4Zb9HsYc".to_owned(),
                wxid: "wxid_k3v9m2x7q1aa22".to_owned(),
                nick_name: "小禾咖啡".to_owned(),
            }],
            suites: vec![
                demo_suite(
                    SuiteKind::ThirdParty,
                    ("ww5f0a91c27d3be648", "门店朋友圈"),
                    "Demo-Suite-Secret-4Kp8Wx2Qn6Tz1Lb9",
                    ("DemoSuiteToken7Hq2", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"),
                ),
                demo_suite(
                    SuiteKind::ProviderDeveloped,
                    ("dk3b6e90f8a1c4d725", "门店朋友圈（代开发）"),
                    "Demo-Template-Secret-9Vr5Ys3Mc7Gd0Jf2",
                    ("DemoTemplateToken3Nc8", "GFEDCBA9876543210zyxwvutsrqponmlkjihgfedcba"),
                ),
            ],
        }
    }
}

impl Sandbox {
    /// Seeds the demo world: members confirm at once after a short dispatch. Refused when any of it is there already.
    pub fn demo_world(&self) -> Result<DemoWorld, SandboxError> {
        let world = DemoWorld::new();
        for corp in &world.corps {
            self.add_corp(corp.seed())?;
        }
        for device in &world.devices {
            self.add_device(device.seed())?;
        }
        for suite in &world.suites {
            self.add_suite(suite.clone())?;
        }
        Ok(world)
    }
}

impl DemoCorp {
    fn seed(&self) -> CorpSeed {
        CorpSeed {
            corpid: self.corpid.clone(),
            name: self.name.clone(),
            agentid: self.agentid,
            secret: self.secret.clone(),
            members: self
                .members
                .iter()
                .map(|(userid, name)| MemberSeed::new(userid, name))
                .collect(),
            tags: vec![TagSeed {
                id: "etAbC0001".to_owned(),
                name: "老客户".to_owned(),
            }],
            settings: CorpSettings::default(),
        }
    }
}

impl DemoDevice {
    fn seed(&self) -> DeviceSeed {
        DeviceSeed {
            token: self.token.clone(),
            app_id: Some(self.app_id.clone()),
            wxid: self.wxid.clone(),
            nick_name: self.nick_name.clone(),
            mobile: "13800001234".to_owned(),
            alias: "xiaohe_coffee".to_owned(),
            labels: vec![FriendLabel {
                label_id: 7,
                label_name: "熟客".to_owned(),
            }],
            friends: vec![
                FriendSeed {
                    wxid: "wxid_a7h2p5".to_owned(),
                    labels: vec![7],
                },
                FriendSeed {
                    wxid: "wxid_z0q8w1".to_owned(),
                    labels: Vec::new(),
                },
            ],
        }
    }
}

/// Without the secret: what is printed looks like a real world.
impl fmt::Debug for DemoCorp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("DemoCorp");
        shown.field("corpid", &self.corpid).field("name", &self.name);
        shown.finish_non_exhaustive()
    }
}

/// Without the token.
impl fmt::Debug for DemoDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("DemoDevice");
        shown.field("app_id", &self.app_id).field("wxid", &self.wxid);
        shown.finish_non_exhaustive()
    }
}

fn demo_suite(
    kind: SuiteKind,
    (suite_id, name): (&str, &str),
    secret: &str,
    (token, aes_key): (&str, &str),
) -> SuiteSeed {
    SuiteSeed {
        suite_id: suite_id.to_owned(),
        kind,
        name: name.to_owned(),
        secret: secret.to_owned(),
        token: token.to_owned(),
        aes_key: aes_key.to_owned(),
        instruction_url: String::new(),
        data_url: String::new(),
        provider_corpid: "ww7c1f0e9ab2d45388".to_owned(),
        provider_secret: "Demo-Provider-Secret-8Zt6Hw4Rk2Px0Qs1".to_owned(),
    }
}

fn demo_corp((corpid, name): (&str, &str), agentid: u64, secret: &str, members: &[(&str, &str)]) -> DemoCorp {
    DemoCorp {
        corpid: corpid.to_owned(),
        name: name.to_owned(),
        agentid,
        secret: secret.to_owned(),
        members: members
            .iter()
            .map(|(userid, name)| ((*userid).to_owned(), (*name).to_owned()))
            .collect(),
    }
}
