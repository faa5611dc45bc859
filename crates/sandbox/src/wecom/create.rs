//! `add_moment_task` and `get_moment_task_result` (reference wecom 7.1, 7.2).

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::blobs::Sha;
use crate::fault::World;
use crate::ids::{IdKind, IdMaker, mix};
use crate::record::{Ledger, Violation, ViolationKind};
use crate::wecom::call::Call;
use crate::wecom::corp::{Corp, CorpState};
use crate::wecom::draft::Draft;
use crate::wecom::media::{self, MediaKind};
use crate::wecom::post::{Content, Invalid, Post};
use crate::wecom::rates::CreateLimit;
use crate::wecom::refusal::Refusal;
use crate::wecom::target::{Resolved, Target};

const NO_CUSTOMER: i64 = 41048;

/// A creation in progress: who asks, and where broken promises go.
#[derive(Clone, Copy)]
pub(crate) struct Creation<'a> {
    pub(crate) corp: &'a Corp,
    pub(crate) ids: IdMaker,
    pub(crate) ledger: &'a Ledger,
    pub(crate) call: &'a Call,
    /// A scripted `result.errcode`; 0: none.
    pub(crate) job_errcode: i64,
}

impl Creation<'_> {
    /// Checks everything in the documented order, then remembers the post. Answers with the jobid.
    pub(crate) fn add(self) -> Result<Value, Refusal> {
        if !self.corp.state().settings.has_moments {
            return Err(Refusal::new(41211, "corp has no moments feature"));
        }
        let body = self.call.json()?;
        let draft = Draft::read(&body)?;
        let target = Target::read(&body)?;
        let mut state = self.corp.state();
        let content = draft.resolve(|id, kind| self.find_medium(&state, id, kind))?;
        self.count(&mut state)?;
        if target.is_everyone() {
            self.violate(
                ViolationKind::EmptyTarget,
                "a creation without any sender would go to everybody".to_owned(),
            );
        }
        let seq = self.remember(&mut state, content, &target);
        Ok(json!({ "errcode": 0, "errmsg": "ok", "jobid": self.ids.make(IdKind::Job, self.corp.no, seq) }))
    }

    fn find_medium(self, state: &CorpState, id: &str, kind: MediaKind) -> Result<Sha, Refusal> {
        let invalid = || Refusal::new(40007, "invalid media_id");
        let (owner, seq) = self.ids.read(IdKind::Media, id).ok_or_else(invalid)?;
        if owner != self.corp.no {
            self.violate(
                ViolationKind::ForeignMedia,
                format!("media_id {id} belongs to another corp"),
            );
            return Err(invalid());
        }
        let medium = state.media.get(seq).ok_or_else(invalid)?;
        if medium.scene != media::MOMENTS {
            return Err(Refusal::new(41072, "attachment resource used in the wrong scene"));
        }
        if medium.kind != kind {
            return Err(invalid());
        }
        if medium.expired(self.call.now_ms) {
            return Err(Refusal::new(40145, "media_id expired"));
        }
        Ok(medium.sha)
    }

    fn count(self, state: &mut CorpState) -> Result<(), Refusal> {
        let CorpState { rates, settings, .. } = state;
        rates.create(settings, self.call.now_ms).map_err(|limit| match limit {
            CreateLimit::Minute => {
                let limit = settings.creates_per_minute;
                self.violate(
                    ViolationKind::CreateRate,
                    format!("more than {limit} creations within 60 s, or one within the block that follows"),
                );
                Refusal::new(45009, "api freq out of limit")
            }
            CreateLimit::Month => Refusal::new(41210, "monthly quota of moment creations used up"),
            CreateLimit::RunningJobs => Refusal::new(41078, "too many moment creation jobs are running"),
        })
    }

    fn remember(self, state: &mut CorpState, content: Content, target: &Target<'_>) -> u64 {
        let seq = state.posts.next();
        let chance = mix((u64::from(self.corp.no) << 32) ^ seq);
        let Resolved {
            senders,
            invalid,
            tags,
            anyone,
        } = target.resolve(self.corp, &state.settings, chance);
        let all_invalid = match (anyone, &tags) {
            (false, _) => state.settings.all_invalid_errcode,
            // Which code it is when nobody named has a customer with one of the tags is not documented (reference wecom 9.2).
            (true, Some(_)) if senders.is_empty() => NO_CUSTOMER,
            (true, _) => 0,
        };
        let intent = fingerprint(&content, &target.named());
        self.check_intent(state, intent, seq);
        let post = Post {
            content,
            created_ms: self.created_ms(state),
            arrival_ms: self.call.arrival_ms,
            job_ms: state.settings.job_delay_ms,
            dispatch_ms: state.settings.dispatch_delay_ms,
            job_errcode: if self.job_errcode == 0 {
                all_invalid
            } else {
                self.job_errcode
            },
            creator: None,
            senders,
            invalid: (!invalid.is_empty()).then(|| Box::new(invalid)),
            tags,
            cancelled_ms: None,
            intent,
        };
        push_post(state, post);
        seq
    }

    /// Lists are searched by time, so a clock set back must not unsort them.
    fn created_ms(self, state: &CorpState) -> i64 {
        let last = state.posts.next().checked_sub(1).and_then(|seq| state.posts.get(seq));
        last.map_or(i64::MIN, |post| post.created_ms).max(self.call.now_ms)
    }

    fn check_intent(self, state: &mut CorpState, intent: u128, seq: u64) {
        let Some(before) = state.intents.insert(intent, seq) else {
            return;
        };
        let succeeded = state.posts.get(before).is_some_and(|post| post.job_errcode == 0);
        if succeeded {
            let earlier = self.ids.make(IdKind::Moment, self.corp.no, before);
            self.violate(
                ViolationKind::SameIntent,
                format!("same text, media and senders as {earlier}"),
            );
        }
    }

    fn violate(self, kind: ViolationKind, detail: String) {
        let owner = self.corp.corpid.clone();
        self.ledger.add(Violation {
            kind,
            world: World::Wecom,
            owner,
            detail,
            at_ms: self.call.arrival_ms,
        });
    }
}

/// Adds a post; what is forgotten for it also leaves the index of intents.
pub(crate) fn push_post(state: &mut CorpState, post: Post) {
    let oldest = state.posts.next() - state.posts.len() as u64;
    if let Some(forgotten) = state.posts.push(post)
        && state.intents.get(&forgotten.intent) == Some(&oldest)
    {
        state.intents.remove(&forgotten.intent);
    }
}

/// `GET /cgi-bin/externalcontact/get_moment_task_result`: only for jobs of this corp, for 24 h.
pub(crate) fn result(corp: &Corp, ids: IdMaker, call: &Call) -> Result<Value, Refusal> {
    let unknown = || Refusal::new(40088, "jobid not found");
    let jobid = call.query("jobid").ok_or_else(|| Refusal::parameter("jobid missing"))?;
    let (owner, seq) = ids.read(IdKind::Job, jobid).ok_or_else(unknown)?;
    let state = corp.state();
    let post = state
        .posts
        .get(seq)
        .filter(|post| owner == corp.no && !post.job_forgotten(call.now_ms))
        .ok_or_else(unknown)?;
    let status = post.job_status(call.now_ms);
    let result = if status == 3 {
        finished(post, &ids.make(IdKind::Moment, corp.no, seq))
    } else {
        json!({})
    };
    Ok(json!({ "errcode": 0, "errmsg": "ok", "status": status, "type": "add_moment_task", "result": result }))
}

fn finished(post: &Post, moment_id: &str) -> Value {
    let mut result = match post.job_errcode {
        0 => json!({ "errcode": 0, "errmsg": "ok", "moment_id": moment_id }),
        81013 => {
            json!({ "errcode": 81013, "errmsg": "all users, departments and tags are invalid" })
        }
        NO_CUSTOMER => json!({ "errcode": NO_CUSTOMER, "errmsg": "no customer to send to" }),
        errcode => json!({ "errcode": errcode, "errmsg": "creation failed" }),
    };
    if let Some(Invalid {
        users,
        departments,
        tags,
    }) = post.invalid.as_deref()
    {
        result["invalid_sender_list"] = json!({ "user_list": users, "department_list": departments });
        if !tags.is_empty() {
            result["invalid_external_contact_list"] = json!({ "tag_list": tags });
        }
    }
    result
}

fn fingerprint(content: &Content, named: &[String]) -> u128 {
    let mut hash = Sha256::new();
    hash.update((content.text.len() as u64).to_be_bytes());
    hash.update(content.text.as_bytes());
    hash.update(content.attachment.kind());
    content.attachment.media().iter().for_each(|sha| hash.update(sha));
    if let Some(link) = content.attachment.link() {
        hash.update(link.title);
        hash.update(link.url);
    }
    for name in named {
        hash.update([0]);
        hash.update(name);
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest[..16]
        .iter()
        .fold(0, |value, byte| (value << 8) | u128::from(*byte))
}
