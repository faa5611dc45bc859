//! The calls.

use std::time::Duration;

use bytes::Bytes;
use moments_wire::{Call, CallError, Upload, WireClient};
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::create::{AttachmentKind, NewMoment};
use crate::envelope::{self, Done};
use crate::members::{FollowUsers, Member};
use crate::moments::{
    Accepted, CancelBody, JobAnswer, JobStatus, ListQuery, ListWindow, MemberTask, Moment, MomentPage, Page, TaskPage,
    TaskQuery, Uploaded,
};
use crate::token::{AccessToken, IssuedToken};

mod directory;
mod suites;

/// Uploads of up to 10 MB over a slow line.
const UPLOAD_TIMEOUT: Duration = Duration::from_mins(2);
/// The scene of `upload_attachment` that moments accept.
const FOR_MOMENTS: &str = "1";
const MOMENTS_PER_PAGE: u32 = 20;
const TASKS_PER_PAGE: u32 = 1000;
const ENTERPRISE_POSTS: u8 = 0;

/// The WeCom API at one base address. Cheap to clone.
///
/// Every method is one call. [`CallError::Refused`] carries the `errcode` as its code; see [`class`](crate::class).
#[derive(Clone, Debug)]
pub struct WecomClient {
    wire: WireClient,
    base_url: Url,
}

impl WecomClient {
    /// `base_url` is `https://qyapi.weixin.qq.com`, or a stand-in's address. Plain HTTP is answered with a redirect by the vendor, which we do not follow.
    pub fn new(wire: WireClient, base_url: Url) -> Self {
        Self { wire, base_url }
    }

    /// `gettoken`: a token for the app whose secret this is. To be cached; wrong secrets, repeated, get the caller's address blocked for an hour.
    pub async fn gettoken(&self, corpid: &str, corpsecret: &SecretString) -> Result<IssuedToken, CallError> {
        let call = Call::get(&self.base_url, "/cgi-bin/gettoken")
            .query("corpid", corpid)
            .secret_query("corpsecret", corpsecret);
        self.send(call).await
    }

    /// `get_follow_user_list`: userids of members who have customer features and are in the app's visible range.
    pub async fn get_follow_user_list(&self, token: &AccessToken) -> Result<Vec<String>, CallError> {
        let users: FollowUsers = self
            .send(self.get("/cgi-bin/externalcontact/get_follow_user_list", token))
            .await?;
        Ok(users.follow_user)
    }

    /// `user/get`: one member. Unknown or out of sight is refused with 60111, sometimes 60011 or 40003.
    pub async fn user_get(&self, token: &AccessToken, userid: &str) -> Result<Member, CallError> {
        self.send(self.get("/cgi-bin/user/get", token).query("userid", userid))
            .await
    }

    /// `upload_attachment` for moments: JPG or PNG, or MP4, at most 10 MB. `filename` should be ASCII with the right extension.
    ///
    /// Repeating it is harmless: media that no moment uses vanish after three days.
    pub async fn upload_attachment(
        &self,
        token: &AccessToken,
        kind: AttachmentKind,
        filename: &str,
        mime: &str,
        bytes: Bytes,
    ) -> Result<Uploaded, CallError> {
        let file = Upload {
            field: "media",
            filename: filename.to_owned(),
            mime: mime.to_owned(),
            bytes,
        };
        let call = self
            .post("/cgi-bin/media/upload_attachment", token)
            .query("media_type", kind.name())
            .query("attachment_type", FOR_MOMENTS);
        self.send(call.upload(file).timeout(UPLOAD_TIMEOUT)).await
    }

    /// `add_moment_task`: starts a creation job and returns its id, usable for 24 h.
    ///
    /// Not idempotent: after [`CallError::NoAnswer`], and after a refusal with [`SYSTEM_BUSY`](crate::SYSTEM_BUSY), the task may exist.
    pub async fn add_moment_task(&self, token: &AccessToken, moment: &NewMoment) -> Result<String, CallError> {
        let accepted: Accepted = self
            .post_json("/cgi-bin/externalcontact/add_moment_task", token, moment)
            .await?;
        if accepted.jobid.is_empty() {
            return Err(CallError::no_answer("答复里没有 jobid"));
        }
        Ok(accepted.jobid)
    }

    /// `get_moment_task_result`: how far a creation job is. [`JOB_UNKNOWN`](crate::JOB_UNKNOWN) after 24 h.
    pub async fn get_moment_task_result(&self, token: &AccessToken, jobid: &str) -> Result<JobStatus, CallError> {
        let call = self
            .get("/cgi-bin/externalcontact/get_moment_task_result", token)
            .query("jobid", jobid);
        self.send::<JobAnswer>(call).await.map(JobStatus::from)
    }

    /// `get_moment_list`: one page of the enterprise's posts; `cursor` is `None` for the first.
    pub async fn get_moment_list(
        &self,
        token: &AccessToken,
        window: ListWindow,
        cursor: Option<&str>,
    ) -> Result<Page<Moment>, CallError> {
        let ListWindow { start_time, end_time } = window;
        let cursor = cursor.unwrap_or_default();
        let query = ListQuery {
            start_time,
            end_time,
            filter_type: ENTERPRISE_POSTS,
            cursor,
            limit: MOMENTS_PER_PAGE,
        };
        self.post_json::<MomentPage>("/cgi-bin/externalcontact/get_moment_list", token, &query)
            .await
            .map(Page::from)
    }

    /// `get_moment_task`: one page of a moment's senders. Refused with one of [`DISPATCHING`](crate::DISPATCHING) shortly after creation.
    pub async fn get_moment_task(
        &self,
        token: &AccessToken,
        moment_id: &str,
        cursor: Option<&str>,
    ) -> Result<Page<MemberTask>, CallError> {
        let query = TaskQuery {
            moment_id,
            cursor: cursor.unwrap_or_default(),
            limit: TASKS_PER_PAGE,
        };
        self.post_json::<TaskPage>("/cgi-bin/externalcontact/get_moment_task", token, &query)
            .await
            .map(Page::from)
    }

    /// `cancel_moment_task`: senders who have not confirmed can no longer do so. Cannot recall what is out; may be repeated.
    pub async fn cancel_moment_task(&self, token: &AccessToken, moment_id: &str) -> Result<(), CallError> {
        let body = CancelBody { moment_id };
        self.post_json::<Done>("/cgi-bin/externalcontact/cancel_moment_task", token, &body)
            .await
            .map(|Done {}| ())
    }

    fn get(&self, path: &str, token: &AccessToken) -> Call {
        Call::get(&self.base_url, path).secret_query("access_token", token.secret())
    }

    fn post(&self, path: &str, token: &AccessToken) -> Call {
        Call::post(&self.base_url, path).secret_query("access_token", token.secret())
    }

    async fn post_json<T: DeserializeOwned>(
        &self,
        path: &str,
        token: &AccessToken,
        body: &impl Serialize,
    ) -> Result<T, CallError> {
        self.send(self.post(path, token).json(body)).await
    }

    async fn send<T: DeserializeOwned>(&self, call: Call) -> Result<T, CallError> {
        envelope::open(&self.wire.call(call).await?)
    }
}

#[cfg(test)]
mod tests;
