//! What can be asked about moments, and stopping them (reference wecom 7.3 to 7.8).

use serde_json::{Value, json};

use crate::ids::{IdKind, IdMaker};
use crate::wecom::call::{limit, text_field};
use crate::wecom::corp::{Corp, CorpState};
use crate::wecom::post::{Attachment, Post};
use crate::wecom::refusal::Refusal;

const MAX_SPAN_SECS: i64 = 30 * 24 * 3600;

/// One read: whose, about what, when.
#[derive(Clone, Copy)]
pub(crate) struct Read<'a> {
    pub(crate) corp: &'a Corp,
    pub(crate) ids: IdMaker,
    pub(crate) body: &'a Value,
    pub(crate) now_ms: i64,
}

impl Read<'_> {
    /// `get_moment_list`: newest first; `(start_time, end_time)` without its ends, at most 30 days.
    pub(crate) fn list(self) -> Result<Value, Refusal> {
        let (start, end) = self.window()?;
        let filter = self.filter_type()?;
        let creator = self.body["creator"]
            .as_str()
            .and_then(|userid| self.corp.members().find(userid).map(|(no, _)| no));
        if creator.is_none() && self.body["creator"].as_str().is_some_and(|userid| !userid.is_empty()) {
            return Err(Refusal::new(40003, "invalid userid"));
        }
        let size = limit(self.body, 20, 20);
        let state = self.corp.state();
        let from = state.posts.partition_point(|post| post.created_ms / 1000 <= start);
        let until = state.posts.partition_point(|post| post.created_ms / 1000 < end);
        let until = self.cursor()?.map_or(until, |cursor| cursor.min(until));
        let shown = |post: &Post| {
            post.exists(self.now_ms)
                && filter.is_none_or(|personal| post.creator.is_some() == personal)
                && (creator.is_none() || post.creator == creator)
        };
        let mut found = Vec::new();
        let mut next = String::new();
        let inside = state.posts.before(until).take_while(|(seq, _)| *seq >= from);
        for (seq, post) in inside.filter(|(_, post)| shown(post)) {
            if found.len() == size {
                next = self.ids.make(IdKind::Cursor, self.corp.no, seq + 1);
                break;
            }
            found.push(self.item(seq, post));
        }
        Ok(json!({ "errcode": 0, "errmsg": "ok", "next_cursor": next, "moment_list": found }))
    }

    /// `get_moment_task`: 41079 while the members are being given the task.
    pub(crate) fn task(self) -> Result<Value, Refusal> {
        let state = self.corp.state();
        let post = self.enterprise(&state)?;
        if !post.is_dispatched(self.now_ms) {
            return Err(Refusal::new(41079, "moment is being dispatched, try again later"));
        }
        let members = self.corp.members();
        let from = self.offset()?;
        let size = limit(self.body, 500, 1000);
        let page = post.senders.iter().skip(from).take(size);
        let row = |sender: &crate::wecom::post::Sender| {
            let member = members.get(sender.member).filter(|member| member.visible)?;
            let published = post.published_ms(*sender, self.now_ms).is_some();
            Some(json!({ "userid": member.userid, "publish_status": u8::from(published) }))
        };
        let rows: Vec<Value> = page.filter_map(row).collect();
        Ok(
            json!({ "errcode": 0, "errmsg": "ok", "next_cursor": self.after(from + size, post.senders.len()), "task_list": rows }),
        )
    }

    /// `get_moment_customer_list`: whom the post of one sender is for.
    pub(crate) fn customers(self) -> Result<Value, Refusal> {
        let (userid, audience) = self.audience()?;
        let row = |id: String| json!({ "userid": userid, "external_userid": id });
        self.customer_page(audience, limit(self.body, 500, 1000), row)
    }

    /// `get_moment_send_result`: the same people, because no cap per customer is simulated.
    pub(crate) fn send_result(self) -> Result<Value, Refusal> {
        let (_, audience) = self.audience()?;
        self.customer_page(
            audience,
            limit(self.body, 3000, 5000),
            |id| json!({ "external_userid": id }),
        )
    }

    /// `get_moment_comments`: nobody likes or comments here.
    pub(crate) fn comments(self) -> Result<Value, Refusal> {
        self.audience()?;
        Ok(json!({ "errcode": 0, "errmsg": "ok", "comment_list": [], "like_list": [] }))
    }

    /// `cancel_moment_task`: stops those who have not published; repeating it is fine.
    pub(crate) fn cancel(self) -> Result<Value, Refusal> {
        let mut state = self.corp.state();
        self.enterprise(&state)?;
        let seq = self.moment()?;
        if let Some(post) = state.posts.get_mut(seq) {
            post.cancelled_ms.get_or_insert(self.now_ms);
        }
        Ok(json!({ "errcode": 0, "errmsg": "ok" }))
    }

    fn window(self) -> Result<(i64, i64), Refusal> {
        let second = |name: &str| {
            self.body[name]
                .as_i64()
                .ok_or_else(|| Refusal::parameter(&format!("invalid {name}")))
        };
        let (start, end) = (second("start_time")?, second("end_time")?);
        if start >= end || end - start > MAX_SPAN_SECS {
            return Err(Refusal::parameter("invalid time range"));
        }
        Ok((start, end))
    }

    /// `Some(true)`: personal posts only.
    fn filter_type(self) -> Result<Option<bool>, Refusal> {
        match &self.body["filter_type"] {
            Value::Null => Ok(None),
            number => match number.as_u64() {
                Some(0) => Ok(Some(false)),
                Some(1) => Ok(Some(true)),
                Some(2) => Ok(None),
                _ => Err(Refusal::parameter("invalid filter_type")),
            },
        }
    }

    fn item(self, seq: u64, post: &Post) -> Value {
        let listed = |n: u64| self.ids.make(IdKind::Listed, self.corp.no, seq * 16 + n);
        let mut item = json!({
            "moment_id": self.ids.make(IdKind::Moment, self.corp.no, seq),
            "create_time": post.created_ms / 1000,
            "create_type": u8::from(post.creator.is_some()),
            "visible_type": u8::from(post.tags.is_none()),
            "text": { "content": post.content.text },
        });
        if let Some(member) = post.creator.and_then(|no| self.corp.members().get(no).cloned()) {
            item["creator"] = json!(member.userid);
        }
        match &post.content.attachment {
            Attachment::None => (),
            Attachment::Images(images) => {
                let ids = (0..images.len() as u64).map(|n| json!({ "media_id": listed(n) }));
                item["image"] = ids.collect();
            }
            Attachment::Video(_) => {
                item["video"] = json!({ "media_id": listed(0), "thumb_media_id": listed(1) });
            }
            Attachment::Link(link) => {
                item["link"] = json!({ "title": link.title, "url": link.url });
            }
        }
        item
    }

    /// The moment named in the body, if it is this corp's.
    fn moment(self) -> Result<u64, Refusal> {
        let id = text_field(self.body, "moment_id", 41059)?;
        match self.ids.read(IdKind::Moment, id) {
            Some((owner, seq)) if owner == self.corp.no => Ok(seq),
            _ => Err(invalid_moment()),
        }
    }

    fn existing(self, state: &CorpState) -> Result<&Post, Refusal> {
        state
            .posts
            .get(self.moment()?)
            .filter(|post| post.exists(self.now_ms))
            .ok_or_else(invalid_moment)
    }

    fn enterprise(self, state: &CorpState) -> Result<&Post, Refusal> {
        let post = self.existing(state)?;
        if post.creator.is_some() {
            return Err(Refusal::new(41067, "moment of the wrong type"));
        }
        Ok(post)
    }

    /// Userid and customers of a sender who has published (41061, 41062 otherwise).
    fn audience(self) -> Result<(String, Vec<String>), Refusal> {
        let userid = text_field(self.body, "userid", 41009)?;
        let state = self.corp.state();
        let post = self.existing(&state)?;
        let members = self.corp.members();
        let not_a_sender = || Refusal::new(41061, "userid did not publish this moment");
        let (no, member) = members.visible(userid).ok_or_else(not_a_sender)?;
        if post.creator != Some(no) {
            let sender = post.sender(no).ok_or_else(not_a_sender)?;
            post.published_ms(sender, self.now_ms)
                .ok_or_else(|| Refusal::new(41062, "moment not yet published by this userid"))?;
        }
        let audience = member.audience(post.tags.as_deref());
        Ok((
            member.userid.clone(),
            audience.into_iter().map(|customer| customer.external_userid).collect(),
        ))
    }

    fn customer_page(
        self,
        audience: Vec<String>,
        size: usize,
        row: impl Fn(String) -> Value,
    ) -> Result<Value, Refusal> {
        let from = self.offset()?;
        let next = self.after(from + size, audience.len());
        let rows: Vec<Value> = audience.into_iter().skip(from).take(size).map(row).collect();
        Ok(json!({ "errcode": 0, "errmsg": "ok", "next_cursor": next, "customer_list": rows }))
    }

    fn offset(self) -> Result<usize, Refusal> {
        Ok(self
            .cursor()?
            .and_then(|cursor| usize::try_from(cursor).ok())
            .unwrap_or(0))
    }

    fn after(self, next: usize, total: usize) -> String {
        if next < total {
            self.ids.make(IdKind::Cursor, self.corp.no, next as u64)
        } else {
            String::new()
        }
    }

    fn cursor(self) -> Result<Option<u64>, Refusal> {
        let invalid = || Refusal::new(50100, "invalid cursor");
        match &self.body["cursor"] {
            Value::Null => Ok(None),
            Value::String(cursor) if cursor.is_empty() => Ok(None),
            Value::String(cursor) => {
                let (owner, place) = self.ids.read(IdKind::Cursor, cursor).ok_or_else(invalid)?;
                if owner == self.corp.no {
                    Ok(Some(place))
                } else {
                    Err(invalid())
                }
            }
            _ => Err(invalid()),
        }
    }
}

fn invalid_moment() -> Refusal {
    Refusal::new(41060, "invalid moment_id")
}
