//! The WeCom world, served under `/cgi-bin/…`: in each corp one app of its own and the apps it installed.
//!
//! A call goes: path → counters → body → scripted fault → token → rate → right → ids as the corp knows them → function. Functions are synchronous and
//! hold only their corp's lock; the one exception, an upload, reads its body before it locks anything.

mod api;
mod call;
mod caller;
mod corp;
mod create;
mod crypto;
mod directory;
mod draft;
mod media;
mod message;
mod multipart;
mod people;
mod post;
pub(crate) mod probe;
mod push;
mod rates;
mod reads;
mod refusal;
mod script;
mod seed;
pub(crate) mod suite;
mod target;
mod token;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, RwLock};

use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::Sandbox;
use crate::answer::{Answer, cut, deliver};
use crate::fault::{FaultKind, Struck, World};
use crate::ids::IdMaker;
use crate::record::Counters;
use crate::sync::{lock, read, write};
use crate::wecom::api::Api;
use crate::wecom::call::Call;
use crate::wecom::caller::Caller;
use crate::wecom::corp::Corp;
use crate::wecom::create::Creation;
use crate::wecom::push::Pushes;
use crate::wecom::reads::Read;
use crate::wecom::refusal::Refusal;
use crate::wecom::suite::Suites;
use crate::wecom::token::Tokens;

pub use message::AppMessage;
pub use people::{DepartmentSeed, MemberChange};
pub use push::{CallbackSeed, CorpEvent, PushRecord, PushStyle, UrlCheck};
pub use seed::{Confirm, CorpSeed, CorpSettings, CorpView, Customer, MemberSeed, TagSeed, TokenEvent};
pub use suite::{GrantSettings, GrantView, Installed, SuiteKind, SuiteSeed, SuiteUrl, SuiteView};

/// Larger than any body that a call allows; what is bigger loses its connection.
const MAX_BODY: usize = 32 * 1024 * 1024;
/// As the reference shows it; an address for documentation.
const CALLER_IP: &str = "203.0.113.7";

/// All corps of the world.
pub(crate) struct Wecom {
    corps: RwLock<Corps>,
    tokens: Tokens,
    ids: IdMaker,
    calls: Counters<{ Api::COUNT }>,
    /// The address that error texts name as the caller's.
    caller_ip: RwLock<String>,
    suites: RwLock<Suites>,
    pushes: Pushes,
}

#[derive(Default)]
struct Corps {
    list: Vec<Arc<Corp>>,
    /// Lower-case corpid → corp.
    by_corpid: HashMap<String, Arc<Corp>>,
}

/// The handler of `/cgi-bin/…`.
pub(crate) async fn handle(State(sandbox): State<Sandbox>, request: Request) -> Response {
    let arrival_ms = sandbox.clock().now_ms();
    let (parts, body) = request.into_parts();
    let Some(api) = Api::of(parts.uri.path()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        return cut();
    };
    let query = Query::<HashMap<String, String>>::try_from_uri(&parts.uri)
        .map(|query| query.0)
        .unwrap_or_default();
    let corp = sandbox.wecom().corp_of(&query);
    sandbox.wecom().count(api, corp.as_deref());
    let owners = [corp.as_deref().map(|corp| corp.corpid.as_str()), None];
    let fault = sandbox.faults().take(Struck {
        world: World::Wecom,
        call: api.name(),
        owners,
    });
    let job_errcode = if let Some(FaultKind::JobFails { errcode }) = fault {
        errcode
    } else {
        0
    };
    let (method, headers) = (parts.method, parts.headers);
    let work = async move {
        let now_ms = sandbox.clock().now_ms();
        let call = Call {
            api,
            method,
            query,
            headers,
            body,
            arrival_ms,
            now_ms,
        };
        answer(&sandbox, call, job_errcode)
            .await
            .unwrap_or_else(|refusal| refusal.into_answer(api, now_ms, &sandbox.wecom().caller_ip()))
    };
    deliver(fault, refusal::scripted, work).await
}

async fn answer(sandbox: &Sandbox, call: Call, job_errcode: i64) -> Result<Answer, Refusal> {
    let wecom = sandbox.wecom();
    if call.api == Api::Gettoken {
        return wecom.tokens.gettoken(sandbox, &call).map(Answer::ok);
    }
    if call.api.is_service() {
        return suite::answer(sandbox, &call);
    }
    let caller = wecom.caller(sandbox, &call)?;
    {
        let state = &mut *caller.corp.state();
        state.rates.call(call.api, &state.settings, call.now_ms)?;
    }
    caller.check_right(call.api)?;
    if !call.api.accepts(&call.method) {
        return Err(Refusal::parameter("invalid Request Parameter: POST expected"));
    }
    let call = caller.inward(call);
    let answer = business(sandbox, &caller, &call, job_errcode).await?;
    Ok(caller.outward(answer))
}

/// The calls of an app that may make them.
async fn business(sandbox: &Sandbox, caller: &Caller, call: &Call, job_errcode: i64) -> Result<Answer, Refusal> {
    let (wecom, corp) = (sandbox.wecom(), &caller.corp);
    match call.api {
        Api::UploadAttachment => media::upload(corp, sandbox.blobs(), wecom.ids, call)
            .await
            .map(Answer::ok),
        Api::MediaGet => media::get(corp, sandbox.blobs(), wecom.ids, call),
        Api::AddMomentTask => {
            let creation = Creation {
                corp,
                ids: wecom.ids,
                ledger: sandbox.ledger(),
                call,
                job_errcode,
            };
            creation.add().map(Answer::ok)
        }
        _ => plain(wecom, caller, call).map(Answer::ok),
    }
}

/// The calls that only look, and the two small ones that do not.
fn plain(wecom: &Wecom, caller: &Caller, call: &Call) -> Result<Value, Refusal> {
    let corp = &caller.corp;
    match call.api {
        Api::FollowUserList => Ok(directory::follow_users(corp)),
        Api::UserGet => directory::user(corp, call),
        Api::UserSimplelist => directory::users_of_department(corp, call, directory::brief),
        Api::UserList => directory::users_of_department(corp, call, directory::full),
        Api::DepartmentSimplelist => directory::department_list(corp, call),
        Api::CorpTagList => Ok(directory::tags(corp, &call.json()?)),
        Api::CustomerList => directory::customers(corp, call),
        Api::AgentGet => directory::agent(caller, call),
        Api::AgentPermissions => Ok(directory::permissions(caller)),
        Api::CallbackIp => Ok(directory::callback_ips()),
        Api::MessageSend => message::send(caller, &call.json()?, call.now_ms),
        Api::MomentTaskResult => create::result(corp, wecom.ids, call),
        _ => moment_read(wecom, corp, call),
    }
}

fn moment_read(wecom: &Wecom, corp: &Corp, call: &Call) -> Result<Value, Refusal> {
    let body = call.json()?;
    let read = Read {
        corp,
        ids: wecom.ids,
        body: &body,
        now_ms: call.now_ms,
    };
    match call.api {
        Api::MomentList => read.list(),
        Api::MomentTask => read.task(),
        Api::MomentCustomerList => read.customers(),
        Api::MomentSendResult => read.send_result(),
        Api::MomentComments => read.comments(),
        _ => read.cancel(),
    }
}

impl Wecom {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            corps: RwLock::default(),
            tokens: Tokens::default(),
            ids: IdMaker::new(seed),
            calls: Counters::new(),
            caller_ip: RwLock::new(CALLER_IP.to_owned()),
            suites: RwLock::default(),
            pushes: Pushes::new(),
        }
    }

    pub(crate) fn pushes(&self) -> &Pushes {
        &self.pushes
    }

    pub(crate) fn caller_ip(&self) -> String {
        read(&self.caller_ip).clone()
    }

    pub(crate) fn set_caller_ip(&self, address: &str) {
        address.clone_into(&mut write(&self.caller_ip));
    }

    /// By corpid, without regard to case (reference wecom 1).
    pub(crate) fn find(&self, corpid: &str) -> Option<Arc<Corp>> {
        read(&self.corps).by_corpid.get(&corpid.to_lowercase()).cloned()
    }

    /// Every corp, in the order seeded.
    pub(crate) fn all(&self) -> Vec<Arc<Corp>> {
        read(&self.corps).list.clone()
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.calls.by_name(Api::names())
    }

    pub(crate) fn counts_by_corp(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        self.all()
            .iter()
            .map(|corp| (corp.corpid.clone(), corp.calls.by_name(Api::names())))
            .collect()
    }

    /// Who is calling, before anything is checked: from the token, or from the query of `gettoken`.
    fn corp_of(&self, query: &HashMap<String, String>) -> Option<Arc<Corp>> {
        match (query.get("access_token"), query.get("corpid")) {
            (Some(token), _) => self.tokens.owner(token).map(|caller| caller.corp),
            (None, Some(corpid)) => self.find(corpid),
            (None, None) => None,
        }
    }

    fn count(&self, api: Api, corp: Option<&Corp>) {
        self.calls.count(api as usize);
        if let Some(corp) = corp {
            corp.calls.count(api as usize);
        }
    }

    /// Who makes a business call; one for a corp that has cancelled is a broken promise.
    fn caller(&self, sandbox: &Sandbox, call: &Call) -> Result<Caller, Refusal> {
        self.tokens.check(call).inspect_err(|refusal| {
            let owner = call.query("access_token").and_then(|token| self.tokens.owner(token));
            if let (48004, Some(grant)) = (refusal.errcode, owner.and_then(|caller| caller.grant)) {
                suite::blame_after_cancel(sandbox, &grant, call);
            }
        })
    }

    fn knows_secret(&self, secret: &str) -> bool {
        self.all().iter().any(|corp| lock(&corp.keys).owns(secret))
    }
}
