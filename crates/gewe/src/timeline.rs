//! A person's timeline, newest first, in pages of about ten (reference personal-gateway 3.3, 4.6).

use moments_wire::flexible;
use serde::{Deserialize, Serialize};

use crate::{SnsId, TimelineObject};

/// Where the next page begins; the default is the first page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimelineCursor {
    max_id: u64,
    first_page_md5: String,
}

/// One page.
#[derive(Clone, Debug)]
pub struct TimelinePage {
    /// Newest first.
    pub posts: Vec<SnsPost>,
    /// What to ask for next; `None` at the end of the timeline.
    pub next: Option<TimelineCursor>,
}

/// One Moment in a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnsPost {
    /// The id: from the XML, which is exact, else as the gateway printed it.
    pub id: SnsId,
    /// Unix seconds.
    pub create_time: i64,
    /// The Moment itself; `None` when the gateway gave no readable XML.
    pub moment: Option<TimelineObject>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TimelineQuery<'a> {
    app_id: &'a str,
    wxid: &'a str,
    max_id: u64,
    decrypt: bool,
    first_page_md5: &'a str,
}

impl<'a> TimelineQuery<'a> {
    pub(crate) fn new(app_id: &'a str, wxid: &'a str, cursor: &'a TimelineCursor) -> Self {
        Self {
            app_id,
            wxid,
            max_id: cursor.max_id,
            decrypt: true,
            first_page_md5: &cursor.first_page_md5,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TimelineAnswer {
    #[serde(default, deserialize_with = "flexible::text")]
    first_page_md5: String,
    #[serde(default, deserialize_with = "flexible::nullable")]
    sns_list: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: SnsId,
    #[serde(default, deserialize_with = "flexible::number")]
    create_time: i64,
    #[serde(default, deserialize_with = "flexible::text")]
    sns_xml: String,
}

impl From<Item> for SnsPost {
    fn from(item: Item) -> Self {
        let moment = TimelineObject::parse(&item.sns_xml);
        let id = moment.as_ref().and_then(|moment| moment.id).unwrap_or(item.id);
        let create_time = if item.create_time > 0 {
            item.create_time
        } else {
            id.millis().div_euclid(1000)
        };
        Self {
            id,
            create_time,
            moment,
        }
    }
}

impl TimelineAnswer {
    /// The page that was asked for with `cursor`. The next one begins at the last post's exact id, because a gateway's own `maxId` may be rounded;
    /// no posts, or the same place again, is the end.
    pub(crate) fn page(self, cursor: &TimelineCursor) -> TimelinePage {
        let posts: Vec<SnsPost> = self.sns_list.into_iter().map(SnsPost::from).collect();
        let next = posts.last().map(|last| TimelineCursor {
            max_id: last.id.0,
            first_page_md5: self.first_page_md5,
        });
        TimelinePage {
            posts,
            next: next.filter(|next| next.max_id != cursor.max_id),
        }
    }
}
