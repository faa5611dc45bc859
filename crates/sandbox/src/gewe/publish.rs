//! The four publish calls, and changing what is published (reference personal-gateway 4.5, 4.6).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::Sandbox;
use crate::fault::World;
use crate::gewe::audience::{Audience, Seen};
use crate::gewe::call::Call;
use crate::gewe::device::{Device, DeviceState};
use crate::gewe::endpoint::Api;
use crate::gewe::envelope::Refusal;
use crate::gewe::media::Staged;
use crate::gewe::post::{GewePost, PostBody, printed};
use crate::ids::mix;
use crate::record::{Violation, ViolationKind};

const MAX_IMAGES: usize = 9;

/// Ids of all devices of one gateway: strictly rising.
#[derive(Debug, Default)]
pub(crate) struct PostIds(AtomicU64);

impl PostIds {
    /// `(now_ms << 23) | seq`, with `seq` rising within a millisecond (reference personal-gateway 14).
    ///
    /// The first of a millisecond is odd and not small: an id whose low digits are zero would survive a detour
    /// through a double, and hide exactly the mistake it is there to find.
    fn next(&self, now_ms: i64) -> u64 {
        let ms = u64::try_from(now_ms).unwrap_or(0);
        let floor = (ms << 23) | (mix(ms) & 0xFFFF) | 1;
        let step = |last: u64| Some(floor.max(last + 1));
        let last = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, step);
        last.map_or(floor, |last| floor.max(last + 1))
    }
}

/// `sendTextSns`, `sendImgSns`, `sendVideoSns`, `sendUrlSns`: answers with the post's id at once.
pub(crate) fn publish(sandbox: &Sandbox, device: &Device, call: &Call) -> Result<Value, Refusal> {
    let text = match &call.body["content"] {
        Value::Null => "",
        Value::String(text) => text,
        _ => return Err(Refusal::flat("content类型错误")),
    };
    let mut state = device.state();
    if state.switches.new_device && call.now_ms < state.created_ms + i64::from(state.switches.warmup_ms) {
        return Err(Refusal::cause("新设备登录，暂不可发布朋友圈（沙箱虚构文案）"));
    }
    let body = body_of(call, &state)?;
    let seen = Audience::read(&call.body)?.seen(&state);
    let id = sandbox.gewe().ids().next(call.now_ms);
    let intent = fingerprint(text, &body, &seen);
    note_intent(sandbox, &mut state, intent, id, call.arrival_ms);
    let private = call.body["privacy"].as_bool().unwrap_or(false);
    let post = GewePost {
        id,
        text: text.into(),
        body,
        private,
        visible_to: seen_by(sandbox, &state, seen, call.arrival_ms),
        deleted: false,
        arrival_ms: call.arrival_ms,
        intent,
    };
    let answer = json!({
        "id": printed(id, &state.switches), "userName": state.wxid, "nickName": state.nick_name, "createTime": post.created_ms() / 1000,
    });
    if let Some(forgotten) = state.posts.push(post)
        && state.intents.get(&forgotten.intent) == Some(&forgotten.id)
    {
        state.intents.remove(&forgotten.intent);
    }
    Ok(answer)
}

/// `delSns` and `snsSetPrivacy`: change one of the account's own posts.
pub(crate) fn change(device: &Device, call: &Call) -> Result<(), Refusal> {
    let id = sns_id(&call.body["snsId"])?;
    let mut state = device.state();
    let place = find(&state, id).ok_or_else(|| Refusal::cause("朋友圈不存在"))?;
    let Some(post) = state.posts.get_mut(place) else {
        return Err(Refusal::cause("朋友圈不存在"));
    };
    match call.endpoint.api {
        Api::DelSns => post.deleted = true,
        _ => post.private = !call.body["open"].as_bool().unwrap_or(true),
    }
    Ok(())
}

/// Place of a post that is not deleted. Posts are sorted by id.
pub(crate) fn find(state: &DeviceState, id: u64) -> Option<u64> {
    let place = state.posts.partition_point(|post| post.id < id);
    state
        .posts
        .get(place)
        .filter(|post| post.id == id && !post.deleted)
        .map(|_| place)
}

/// An id from a request: a number, unsigned or (from clients that hold it signed) two's complement.
pub(crate) fn sns_id(value: &Value) -> Result<u64, Refusal> {
    let signed = || value.as_i64().map(i64::cast_unsigned);
    value
        .as_u64()
        .or_else(signed)
        .ok_or_else(|| Refusal::flat("snsId类型错误"))
}

fn body_of(call: &Call, state: &DeviceState) -> Result<PostBody, Refusal> {
    let text = |name: &str| {
        call.body[name]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| Refusal::Flat(format!("{name}类型错误")))
    };
    match call.endpoint.api {
        Api::SendTextSns => Ok(PostBody::Text),
        Api::SendImgSns => images_of(&call.body["imgInfos"], state),
        Api::SendVideoSns => staged(&call.body["videoInfo"], state, true).map(PostBody::Video),
        _ => {
            let thumb = text("thumbUrl")?;
            Ok(PostBody::Link {
                title: text("title")?,
                url: text("linkUrl")?,
                description: text("description")?,
                cover: state.staged_at(&thumb),
                thumb,
            })
        }
    }
}

fn images_of(infos: &Value, state: &DeviceState) -> Result<PostBody, Refusal> {
    let infos = infos.as_array().ok_or_else(|| Refusal::flat("imgInfos类型错误"))?;
    if infos.len() > MAX_IMAGES {
        return Err(Refusal::cause("图片数量不能超过9张"));
    }
    infos
        .iter()
        .map(|info| staged(info, state, false))
        .collect::<Result<_, _>>()
        .map(PostBody::Images)
}

/// Only what our own uploads returned may be published, unchanged.
fn staged(info: &Value, state: &DeviceState, video: bool) -> Result<Arc<Staged>, Refusal> {
    let unknown = || Refusal::cause("素材不存在或已失效");
    let (url, md5) = (
        info["fileUrl"].as_str().ok_or_else(unknown)?,
        info["fileMd5"].as_str().ok_or_else(unknown)?,
    );
    let staged = state
        .staged(url, md5)
        .filter(|staged| (staged.size == (0, 0)) == video)
        .ok_or_else(unknown)?;
    let unchanged = info["thumbUrl"].as_str() == Some(&staged.thumb_url)
        && (video
            || (info["width"].as_u64(), info["height"].as_u64())
                == (Some(staged.size.0.into()), Some(staged.size.1.into())));
    if unchanged { Ok(staged) } else { Err(unknown()) }
}

/// Remembers an audience that became everybody as a broken promise.
fn seen_by(sandbox: &Sandbox, state: &DeviceState, seen: Seen, at_ms: i64) -> Option<Box<[String]>> {
    match seen {
        Seen::By(friends) => return Some(friends),
        Seen::ByAll => (),
        Seen::ByAllForUnknownLabels => sandbox.ledger().add(Violation {
            kind: ViolationKind::EmptyTarget,
            world: World::Gewe,
            owner: state.wxid.clone(),
            detail: "an audience by labels that the account does not have would be everybody".to_owned(),
            at_ms,
        }),
    }
    None
}

fn note_intent(sandbox: &Sandbox, state: &mut DeviceState, intent: u128, id: u64, at_ms: i64) {
    let Some(before) = state.intents.insert(intent, id) else {
        return;
    };
    if find(state, before).is_some() {
        let detail = format!("same text and media as {before}");
        let owner = state.wxid.clone();
        sandbox.ledger().add(Violation {
            kind: ViolationKind::SameIntent,
            world: World::Gewe,
            owner,
            detail,
            at_ms,
        });
    }
}

fn fingerprint(text: &str, body: &PostBody, seen: &Seen) -> u128 {
    let mut hash = Sha256::new();
    if let Seen::By(friends) = seen {
        friends.iter().for_each(|friend| hash.update(friend));
    }
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text);
    body.media().iter().for_each(|staged| hash.update(staged.sha));
    if let PostBody::Link {
        url,
        title,
        description,
        ..
    } = body
    {
        for part in [url, title, description] {
            hash.update(part);
        }
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest[..16]
        .iter()
        .fold(0, |value, byte| (value << 8) | u128::from(*byte))
}
