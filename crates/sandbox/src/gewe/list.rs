//! Timelines: newest first, ten a page (reference personal-gateway 3.3, 4.6).

use md5::{Digest, Md5};
use serde_json::{Value, json};

use crate::gewe::call::Call;
use crate::gewe::device::{Device, DeviceState};
use crate::gewe::envelope::Refusal;
use crate::gewe::post::{Author, GewePost, PostBody, printed_in_list};
use crate::gewe::publish::{find, sns_id};

const PAGE: usize = 10;
const HOUR_MS: i64 = 3_600_000;

/// `contactsSnsList`: own posts when the own wxid is given, else somebody without posts.
pub(crate) fn of_contact(device: &Device, call: &Call) -> Result<Value, Refusal> {
    let state = device.state();
    let below = below(call)?;
    let own = call.body["wxid"].as_str() == Some(&state.wxid);
    let posts = state
        .posts
        .before(state.posts.partition_point(|post| post.id < below))
        .map(|(_, post)| post);
    let page = posts
        .filter(|post| own && shown(post, &state, below, call.now_ms))
        .take(PAGE);
    let author = Author {
        wxid: &state.wxid,
        nick_name: &state.nick_name,
    };
    let items: Vec<(u64, Value)> = page.map(|post| (post.id, post.item(author, &state.switches))).collect();
    Ok(answer(&items, &state, call.now_ms))
}

/// `snsList`: the home timeline, in which friends' posts stand between the own ones.
pub(crate) fn home(device: &Device, call: &Call) -> Result<Value, Refusal> {
    let state = device.state();
    let below = below(call)?;
    let own = Author {
        wxid: &state.wxid,
        nick_name: &state.nick_name,
    };
    let friends = friends_posts(&state);
    let mut all: Vec<(Author<'_>, &GewePost)> = state.posts.iter().map(|(_, post)| (own, post)).collect();
    all.extend(friends.iter().map(|(author, post)| (*author, post)));
    all.retain(|(_, post)| shown(post, &state, below, call.now_ms));
    all.sort_unstable_by_key(|(_, post)| std::cmp::Reverse(post.id));
    let items: Vec<(u64, Value)> = all
        .into_iter()
        .take(PAGE)
        .map(|(author, post)| (post.id, post.item(author, &state.switches)))
        .collect();
    Ok(answer(&items, &state, call.now_ms))
}

/// `snsDetails`: one own post.
pub(crate) fn details(device: &Device, call: &Call) -> Result<Value, Refusal> {
    let state = device.state();
    let id = sns_id(&call.body["snsId"])?;
    let post = find(&state, id)
        .and_then(|place| state.posts.get(place))
        .ok_or_else(|| Refusal::cause("朋友圈不存在"))?;
    Ok(post.item(
        Author {
            wxid: &state.wxid,
            nick_name: &state.nick_name,
        },
        &state.switches,
    ))
}

fn shown(post: &GewePost, state: &DeviceState, below: u64, now_ms: i64) -> bool {
    let lag = i64::from(state.switches.list_lag_ms);
    !post.deleted && post.id < below && (lag == 0 || post.created_ms() <= now_ms - lag)
}

/// `maxId` as an upper bound; 0 is the first page.
fn below(call: &Call) -> Result<u64, Refusal> {
    match &call.body["maxId"] {
        Value::Null => Ok(u64::MAX),
        value => match sns_id(value)? {
            0 => Ok(u64::MAX),
            id => Ok(id),
        },
    }
}

fn answer(items: &[(u64, Value)], state: &DeviceState, now_ms: i64) -> Value {
    let last = items.last().map_or(0, |(id, _)| *id);
    let digest = Md5::digest(last.to_be_bytes());
    let list: Vec<&Value> = items.iter().map(|(_, item)| item).collect();
    json!({
        "firstPageMd5": hex::encode(&digest[..8]), "maxId": printed_in_list(last, &state.switches),
        "snsCount": list.len(), "requestTime": now_ms / 1000, "snsList": list,
    })
}

/// Two invented friends who wrote one post each before the device was made, and one after.
fn friends_posts(state: &DeviceState) -> Vec<(Author<'static>, GewePost)> {
    let friends = [
        ("wxid_a7h2p5", "阿远", "今天的晚霞"),
        ("wxid_z0q8w1", "周姐", "新店试营业，欢迎来坐坐"),
    ];
    let post = |(place, (wxid, nick_name, text)): (usize, (&'static str, &'static str, &str)), hours: i64| {
        let at = u64::try_from(state.created_ms + hours * HOUR_MS).unwrap_or(0);
        let id = (at << 23) + 100 + place as u64;
        let post = GewePost {
            id,
            text: text.into(),
            body: PostBody::Text,
            private: false,
            visible_to: None,
            deleted: false,
            arrival_ms: 0,
            intent: 0,
        };
        (Author { wxid, nick_name }, post)
    };
    friends
        .into_iter()
        .enumerate()
        .flat_map(|friend| [post(friend, -1), post(friend, 1)])
        .collect()
}
