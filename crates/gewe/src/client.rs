//! The calls.

use std::time::Duration;

use moments_wire::{Answer, Call, CallError, WireClient};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::SnsId;
use crate::device::{Device, DeviceBody, Profile};
use crate::envelope;
use crate::refusal::{RefusalClass, class};
use crate::send::{Audience, LinkCard, NewPost, Published, StageImages, StageVideo, Staged};
use crate::session::{
    CallbackBody, CallbackPath, CheckAnswer, CheckBody, Label, LabelsAnswer, LoginCheck, LoginDialog, QrBody, QrCode,
    QrWish,
};
use crate::timeline::{TimelineAnswer, TimelineCursor, TimelinePage, TimelineQuery};

/// Times of the reference, section 11.
const TIMEOUT: Duration = Duration::from_secs(30);
const MEDIA_TIMEOUT: Duration = Duration::from_mins(2);

/// A gateway at one base address. Cheap to clone.
///
/// Every method is one POST. A "no" is [`CallError::Refused`] with the gateway's words; see [`class`](crate::class()).
#[derive(Clone, Debug)]
pub struct GeweClient {
    wire: WireClient,
    base_url: Url,
    token_header: String,
}

impl GeweClient {
    /// `base_url` holds the vendor's path, such as `https://api.geweapi.com/gewe/v2/api`; `token_header` is `X-GEWE-TOKEN` at GeWe.
    pub fn new(wire: WireClient, base_url: Url, token_header: impl Into<String>) -> Self {
        Self {
            wire,
            base_url,
            token_header: token_header.into(),
        }
    }

    /// `checkOnline`. A `false` is true; a `true` is often stale: [`get_profile`](Self::get_profile) is the better proof.
    pub async fn check_online(&self, device: &Device) -> Result<bool, CallError> {
        self.ask(device, "/login/checkOnline", &DeviceBody { app_id: &device.app_id })
            .await
    }

    /// `reconnection`: tries to bring a dropped session back, once. Succeeds when the account is online already.
    pub async fn reconnection(&self, device: &Device) -> Result<(), CallError> {
        let answer = self
            .post(
                device,
                "/login/reconnection",
                &DeviceBody { app_id: &device.app_id },
                TIMEOUT,
            )
            .await?;
        match envelope::succeeded(&answer) {
            Err(error) if class(&error) == Some(RefusalClass::AlreadyOnline) => Ok(()),
            outcome => outcome,
        }
    }

    /// `getLoginQrCode`: a login code for the device, or for a new one when its `app_id` is empty. Not idempotent then: each call makes a device.
    pub async fn get_login_qr_code(&self, device: &Device, wish: &QrWish) -> Result<QrCode, CallError> {
        self.ask(device, "/login/getLoginQrCode", &QrBody::new(&device.app_id, wish))
            .await
    }

    /// `dialogLogin`: the phone that knows the device shows a dialog instead of scanning. Impossible on the day after a new device and after a kick.
    pub async fn dialog_login(&self, device: &Device, wish: &QrWish) -> Result<LoginDialog, CallError> {
        self.ask(device, "/login/dialogLogin", &QrBody::for_dialog(&device.app_id, wish))
            .await
    }

    /// `checkLogin`: how far a log-in is. More than a question: the phone shows its button only after it. `proxy` as in the code's wish; `code` is
    /// the number that WeChat showed.
    pub async fn check_login(
        &self,
        device: &Device,
        uuid: &SecretString,
        proxy: Option<&SecretString>,
        code: Option<&SecretString>,
    ) -> Result<LoginCheck, CallError> {
        let body = CheckBody::new(&device.app_id, uuid, proxy, code);
        let answer: Option<CheckAnswer> = self.ask(device, "/login/checkLogin", &body).await?;
        Ok(answer.into())
    }

    /// `logout`: ends the session and keeps the device.
    pub async fn logout(&self, device: &Device) -> Result<(), CallError> {
        let body = DeviceBody { app_id: &device.app_id };
        envelope::succeeded(&self.post(device, "/login/logout", &body, TIMEOUT).await?)
    }

    /// `setCallback`: where the events of all devices of a token go. The gateway tries the address during the call. The device's id does not matter.
    pub async fn set_callback(
        &self,
        device: &Device,
        path: CallbackPath,
        callback_url: &SecretString,
    ) -> Result<(), CallError> {
        let body = CallbackBody {
            token: device.token.expose_secret(),
            callback_url: callback_url.expose_secret(),
        };
        envelope::succeeded(&self.post(device, path.path(), &body, TIMEOUT).await?)
    }

    /// `label/list`: the account's labels of friends.
    pub async fn label_list(&self, device: &Device) -> Result<Vec<Label>, CallError> {
        let body = DeviceBody { app_id: &device.app_id };
        let answer: LabelsAnswer = self.ask(device, "/label/list", &body).await?;
        Ok(answer.label_list)
    }

    /// `getProfile`: who is logged in. The best cheap proof of being online.
    pub async fn get_profile(&self, device: &Device) -> Result<Profile, CallError> {
        self.ask(device, "/personal/getProfile", &DeviceBody { app_id: &device.app_id })
            .await
    }

    /// `uploadSnsImage`: the gateway fetches one picture. Repeating it is harmless.
    pub async fn upload_sns_image(&self, device: &Device, img_url: &str) -> Result<Staged, CallError> {
        let body = StageImages {
            app_id: &device.app_id,
            img_urls: [img_url],
        };
        let staged: [Staged; 1] =
            envelope::open(&self.post(device, "/sns/uploadSnsImage", &body, MEDIA_TIMEOUT).await?)?;
        let [picture] = staged;
        picture.usable()
    }

    /// `uploadSnsVideo`: the gateway fetches the video and its cover picture. Repeating it is harmless.
    pub async fn upload_sns_video(
        &self,
        device: &Device,
        video_url: &str,
        thumb_url: &str,
    ) -> Result<Staged, CallError> {
        let body = StageVideo {
            app_id: &device.app_id,
            video_url,
            thumb_url,
        };
        let staged: Staged = envelope::open(&self.post(device, "/sns/uploadSnsVideo", &body, MEDIA_TIMEOUT).await?)?;
        staged.usable()
    }

    /// `sendTextSns`. Not idempotent: after [`CallError::NoAnswer`] the post may be out. So for the other three.
    pub async fn send_text_sns(
        &self,
        device: &Device,
        content: &str,
        audience: &Audience<'_>,
    ) -> Result<Published, CallError> {
        let post = NewPost::text(&device.app_id, content, audience);
        self.ask(device, "/sns/sendTextSns", &post).await
    }

    /// `sendImgSns`: 1 to 9 staged pictures in the order shown; `content` may be empty.
    pub async fn send_img_sns(
        &self,
        device: &Device,
        content: &str,
        images: &[Staged],
        audience: &Audience<'_>,
    ) -> Result<Published, CallError> {
        let post = NewPost {
            img_infos: Some(images),
            ..NewPost::text(&device.app_id, content, audience)
        };
        self.ask(device, "/sns/sendImgSns", &post).await
    }

    /// `sendVideoSns`: one staged video; `content` may be empty.
    pub async fn send_video_sns(
        &self,
        device: &Device,
        content: &str,
        video: &Staged,
        audience: &Audience<'_>,
    ) -> Result<Published, CallError> {
        let post = NewPost {
            video_info: Some(video),
            ..NewPost::text(&device.app_id, content, audience)
        };
        self.ask(device, "/sns/sendVideoSns", &post).await
    }

    /// `sendUrlSns`: a link; `content` may be empty.
    pub async fn send_url_sns(
        &self,
        device: &Device,
        content: &str,
        link: &LinkCard<'_>,
        audience: &Audience<'_>,
    ) -> Result<Published, CallError> {
        let post = NewPost {
            link: Some(link),
            ..NewPost::text(&device.app_id, content, audience)
        };
        self.ask(device, "/sns/sendUrlSns", &post).await
    }

    /// `contactsSnsList`: one page of a person's timeline. For the account's own posts pass its own wxid; `snsList` mixes authors.
    pub async fn contacts_sns_list(
        &self,
        device: &Device,
        wxid: &str,
        cursor: &TimelineCursor,
    ) -> Result<TimelinePage, CallError> {
        let query = TimelineQuery::new(&device.app_id, wxid, cursor);
        let answer: TimelineAnswer = self.ask(device, "/sns/contactsSnsList", &query).await?;
        Ok(answer.page(cursor))
    }

    /// `delSns`: takes a post down. May be repeated; that it no longer exists counts as done, if the gateway says so in words that the caller knows.
    pub async fn del_sns(&self, device: &Device, sns_id: SnsId) -> Result<(), CallError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            app_id: &'a str,
            sns_id: SnsId,
        }
        let body = Body {
            app_id: &device.app_id,
            sns_id,
        };
        envelope::succeeded(&self.post(device, "/sns/delSns", &body, TIMEOUT).await?)
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        device: &Device,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, CallError> {
        envelope::open(&self.post(device, path, body, TIMEOUT).await?)
    }

    async fn post(
        &self,
        device: &Device,
        path: &str,
        body: &impl Serialize,
        timeout: Duration,
    ) -> Result<Answer, CallError> {
        let call = Call::post(&self.base_url, path).secret_header(&self.token_header, &device.token);
        self.wire.call(call.json(body).timeout(timeout)).await
    }
}

#[cfg(test)]
mod tests;
