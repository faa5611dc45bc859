//! What a test makes happen in the WeCom world.

use std::sync::Arc;

use crate::error::SandboxError;
use crate::ids::IdKind;
use crate::record::MomentRecord;
use crate::sync::{lock, write};
use crate::wecom::Wecom;
use crate::wecom::corp::Corp;
use crate::wecom::create::push_post;
use crate::wecom::post::{Attachment, Content, Post};
use crate::wecom::seed::{CorpSeed, CorpSettings, TokenEvent};

impl Wecom {
    pub(crate) fn add_corp(&self, seed: CorpSeed) -> Result<(), SandboxError> {
        let mut corps = write(&self.corps);
        let key = seed.corpid.to_lowercase();
        if corps.by_corpid.contains_key(&key) {
            return Err(SandboxError::NotNow("this corpid is already seeded"));
        }
        let no = u32::try_from(corps.list.len()).map_err(|_| SandboxError::NotNow("too many corps"))?;
        let corp = Arc::new(Corp::new(no, seed));
        corps.list.push(Arc::clone(&corp));
        corps.by_corpid.insert(key, corp);
        Ok(())
    }

    pub(crate) fn get(&self, corpid: &str) -> Result<Arc<Corp>, SandboxError> {
        self.find(corpid)
            .ok_or_else(|| SandboxError::UnknownCorp(corpid.to_owned()))
    }

    pub(crate) fn settings(&self, corpid: &str, change: impl FnOnce(&mut CorpSettings)) -> Result<(), SandboxError> {
        change(&mut self.get(corpid)?.state().settings);
        Ok(())
    }

    pub(crate) fn token_event(&self, corpid: &str, event: TokenEvent) -> Result<(), SandboxError> {
        lock(&self.get(corpid)?.keys).happen(event);
        Ok(())
    }

    /// Members publish now: those named, or everybody who got the task when nobody is named. Answers how many could.
    pub(crate) fn confirm(
        &self,
        corpid: &str,
        moment_id: &str,
        userids: &[String],
        now_ms: i64,
    ) -> Result<usize, SandboxError> {
        let corp = self.get(corpid)?;
        let mut state = corp.state();
        let seq = self
            .ids
            .read(IdKind::Moment, moment_id)
            .filter(|(owner, _)| *owner == corp.no)
            .map(|(_, seq)| seq);
        let post = seq
            .and_then(|seq| state.posts.get_mut(seq))
            .ok_or_else(|| SandboxError::UnknownMoment(moment_id.to_owned()))?;
        let members = corp.members();
        let named = if userids.is_empty() {
            post.senders.iter().map(|sender| sender.member).collect()
        } else {
            let number = |userid: &String| {
                members
                    .find(userid)
                    .map(|(no, _)| no)
                    .ok_or_else(|| SandboxError::UnknownMember(userid.clone()))
            };
            userids.iter().map(number).collect::<Result<Vec<_>, _>>()?
        };
        Ok(named.into_iter().filter(|no| post.confirm(*no, now_ms)).count())
    }

    /// A member writes a post on the phone. Answers its moment id.
    pub(crate) fn personal_post(
        &self,
        corpid: &str,
        userid: &str,
        text: &str,
        now_ms: i64,
    ) -> Result<String, SandboxError> {
        let corp = self.get(corpid)?;
        let (creator, _) = corp
            .members()
            .find(userid)
            .map(|(no, member)| (no, member.status))
            .ok_or_else(|| SandboxError::UnknownMember(userid.to_owned()))?;
        let mut state = corp.state();
        let seq = state.posts.next();
        let last = seq
            .checked_sub(1)
            .and_then(|seq| state.posts.get(seq))
            .map_or(i64::MIN, |post| post.created_ms);
        let post = Post {
            content: Content {
                text: text.into(),
                attachment: Attachment::None,
            },
            created_ms: last.max(now_ms),
            arrival_ms: now_ms,
            job_ms: 0,
            dispatch_ms: 0,
            job_errcode: 0,
            creator: Some(creator),
            senders: Box::default(),
            invalid: None,
            tags: None,
            cancelled_ms: None,
            intent: 0,
        };
        push_post(&mut state, post);
        Ok(self.ids.make(IdKind::Moment, corp.no, seq))
    }

    /// The moments of one corp with these places, in the order created.
    pub(crate) fn records(&self, corp: &Corp, skip: usize, take: usize, now_ms: i64) -> Vec<MomentRecord> {
        let state = corp.state();
        let members = corp.members();
        let record = |(seq, post): (u64, &Post)| {
            post.record(
                &corp.corpid,
                self.ids.make(IdKind::Moment, corp.no, seq),
                &members,
                now_ms,
            )
        };
        state.posts.iter().skip(skip).take(take).map(record).collect()
    }
}
