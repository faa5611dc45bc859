//! What the platform tells about media, jobs and moments (reference wecom 6.1, 7.2–7.4).

use moments_wire::flexible;
use serde::{Deserialize, Serialize};

/// Answer of `upload_attachment`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Uploaded {
    /// Usable for three days from `created_at`, in moments of the same corp and app.
    pub media_id: String,
    /// Unix seconds; 0 when not told.
    #[serde(default, deserialize_with = "flexible::number")]
    pub created_at: i64,
}

/// Answer of `add_moment_task`.
#[derive(Deserialize)]
pub(crate) struct Accepted {
    pub(crate) jobid: String,
}

/// What became of a creation job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// `status` 1 or 2.
    Running,
    /// `status` 3.
    Finished(CreationResult),
}

/// Answer of `get_moment_task_result` as it is on the wire.
#[derive(Deserialize)]
pub(crate) struct JobAnswer {
    #[serde(deserialize_with = "flexible::number")]
    status: i64,
    #[serde(default, deserialize_with = "flexible::nullable")]
    result: CreationResult,
}

const FINISHED: i64 = 3;

impl From<JobAnswer> for JobStatus {
    /// The result means something only when the job is finished; samples show it earlier.
    fn from(answer: JobAnswer) -> Self {
        if answer.status == FINISHED {
            Self::Finished(answer.result)
        } else {
            Self::Running
        }
    }
}

/// The end of a creation job. Its `errcode` is the creation's own, apart from the query's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct CreationResult {
    /// 0: the moment exists.
    #[serde(default, deserialize_with = "flexible::number")]
    pub errcode: i64,
    /// The vendor's words.
    #[serde(default, deserialize_with = "flexible::text")]
    pub errmsg: String,
    /// Empty unless the creation succeeded.
    #[serde(default, deserialize_with = "flexible::text")]
    pub moment_id: String,
    #[serde(default, deserialize_with = "flexible::nullable")]
    invalid_sender_list: InvalidSenderList,
    #[serde(default, deserialize_with = "flexible::nullable")]
    invalid_external_contact_list: InvalidContactList,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct InvalidSenderList {
    #[serde(default, deserialize_with = "flexible::nullable")]
    user_list: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct InvalidContactList {
    #[serde(default, deserialize_with = "flexible::nullable")]
    tag_list: Vec<String>,
}

impl CreationResult {
    /// Senders that do not exist or are outside the app's visible range; possible beside a success.
    pub fn invalid_users(&self) -> &[String] {
        &self.invalid_sender_list.user_list
    }

    /// Tags of customers that the corp does not know; possible beside a success.
    pub fn invalid_tags(&self) -> &[String] {
        &self.invalid_external_contact_list.tag_list
    }
}

/// Which enterprise posts `get_moment_list` shall list: those created strictly between the two times. At most 30 days apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListWindow {
    /// Unix seconds, exclusive.
    pub start_time: i64,
    /// Unix seconds, exclusive.
    pub end_time: i64,
}

#[derive(Serialize)]
pub(crate) struct ListQuery<'a> {
    pub(crate) start_time: i64,
    pub(crate) end_time: i64,
    /// 0: posts made by the enterprise, which are those of `add_moment_task`.
    pub(crate) filter_type: u8,
    pub(crate) cursor: &'a str,
    pub(crate) limit: u32,
}

#[derive(Serialize)]
pub(crate) struct TaskQuery<'a> {
    pub(crate) moment_id: &'a str,
    pub(crate) cursor: &'a str,
    pub(crate) limit: u32,
}

#[derive(Serialize)]
pub(crate) struct CancelBody<'a> {
    pub(crate) moment_id: &'a str,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries; a short or empty page is not the end.
    pub items: Vec<T>,
    /// What to ask for next; `None`: this was the last page. Do not keep it across days.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    fn new(items: Vec<T>, next_cursor: String) -> Self {
        Self {
            items,
            next_cursor: Some(next_cursor).filter(|cursor| !cursor.is_empty()),
        }
    }
}

/// A moment in `get_moment_list`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Moment {
    /// Opaque.
    pub moment_id: String,
    /// Unix seconds.
    #[serde(default, deserialize_with = "flexible::number")]
    pub create_time: i64,
    #[serde(default, deserialize_with = "flexible::number")]
    visible_type: i64,
    #[serde(default, deserialize_with = "flexible::nullable")]
    text: ListedText,
    #[serde(default, deserialize_with = "flexible::nullable")]
    image: Vec<ListedMedia>,
    #[serde(default)]
    video: Option<ListedMedia>,
    #[serde(default)]
    link: Option<ListedLink>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct ListedText {
    #[serde(default, deserialize_with = "flexible::text")]
    content: String,
}

/// A medium in a list: its ids are new ones, of no use to us.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct ListedMedia {}

/// A link in a list; its cover is not told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct ListedLink {
    #[serde(default, deserialize_with = "flexible::text")]
    title: String,
    #[serde(default, deserialize_with = "flexible::text")]
    url: String,
}

impl Moment {
    /// The text; empty when there is none.
    pub fn text(&self) -> &str {
        &self.text.content
    }

    /// Whether all customers of its senders may see it (`visible_type` 1).
    pub const fn is_public(&self) -> bool {
        self.visible_type == 1
    }

    /// Number of pictures.
    pub const fn images(&self) -> usize {
        self.image.len()
    }

    /// Whether it shows a video.
    pub const fn has_video(&self) -> bool {
        self.video.is_some()
    }

    /// The title and the address of the link that it shows.
    pub fn link(&self) -> Option<(&str, &str)> {
        self.link.as_ref().map(|link| (link.title.as_str(), link.url.as_str()))
    }
}

#[derive(Deserialize)]
pub(crate) struct MomentPage {
    #[serde(default, deserialize_with = "flexible::text")]
    next_cursor: String,
    #[serde(default, deserialize_with = "flexible::nullable")]
    moment_list: Vec<Moment>,
}

impl From<MomentPage> for Page<Moment> {
    fn from(page: MomentPage) -> Self {
        Self::new(page.moment_list, page.next_cursor)
    }
}

/// A sender in `get_moment_task`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MemberTask {
    /// The member.
    pub userid: String,
    #[serde(default, deserialize_with = "flexible::number")]
    publish_status: i64,
}

impl MemberTask {
    /// Whether the member has confirmed. Ignored, declined and cancelled look the same: not yet.
    pub const fn is_published(&self) -> bool {
        self.publish_status == 1
    }
}

#[derive(Deserialize)]
pub(crate) struct TaskPage {
    #[serde(default, deserialize_with = "flexible::text")]
    next_cursor: String,
    #[serde(default, deserialize_with = "flexible::nullable")]
    task_list: Vec<MemberTask>,
}

impl From<TaskPage> for Page<MemberTask> {
    fn from(page: TaskPage) -> Self {
        Self::new(page.task_list, page.next_cursor)
    }
}
