//! What a request asks for, with everything that it names read.

use std::collections::HashSet;

use moments_domain::content::MomentContent;
use moments_domain::library::{Draft, Drawn};
use moments_domain::request::{SyncRequest, check_media};
use moments_domain::{AccountId, FieldError, Finding, MomentError, Timestamp, UserId};
use moments_media::{KeptMedia, MediaKind};
use moments_store::Account;
use url::Url;

use crate::app::Engine;
use crate::library::Asker;
use crate::problem::Problem;
use crate::use_cases::sent_file;

const COVER: &str = "link.coverUrl";

/// A task as it would be created: its request keeps the rules, its accounts are the user's, its content is frozen.
#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    pub(crate) user: UserId,
    pub(crate) request: SyncRequest,
    /// In the order of the request; not empty.
    pub(crate) accounts: Vec<Account>,
    pub(crate) content: MomentContent,
    /// What is known of the media without fetching anything, in their order: the user's own files.
    pub(crate) known_media: Vec<Option<KeptMedia>>,
    /// The version of the draft that `content` comes from; `None`: from no draft.
    pub(crate) content_version: Option<String>,
    /// What making a Moment of that draft has to say.
    pub(crate) content_findings: Vec<Finding>,
    /// When it was proposed.
    pub(crate) now: Timestamp,
}

/// What is to be published, as it is now.
struct Frozen {
    content: MomentContent,
    /// The draft's; `None`: the request's own text and media.
    version: Option<String>,
    findings: Vec<Finding>,
}

impl Proposal {
    /// When it is wanted.
    pub(crate) fn due(&self) -> Timestamp {
        self.request.scheduled_time.unwrap_or(self.now)
    }

    /// The field of the request that the content's `own` field comes from.
    pub(crate) fn content_field(&self, own: &'static str) -> &'static str {
        match self.content_version {
            Some(_) => "contentId",
            None => own,
        }
    }

    /// The field of the request that names its files.
    pub(crate) fn media_field(&self) -> &'static str {
        match self.content.link {
            Some(_) => COVER,
            None => self.content_field("mediaUrls"),
        }
    }
}

impl Engine {
    /// Reads everything that the request names; refuses what breaks a rule, all broken rules at once.
    pub(crate) async fn proposal(&self, asker: &Asker, request: SyncRequest) -> Result<Proposal, Problem> {
        let (user, now) = (asker.user, self.clock.now());
        let errors = request.check(now, |url| self.read_url(url));
        if !errors.is_empty() {
            return Err(Problem::Invalid(errors));
        }
        let accounts = self.targets(user, &request.account_ids).await?;
        let Frozen {
            content,
            version,
            findings,
        } = self.content(asker, &request).await?;
        let (known_media, mut errors) = self.known_media(user, content.file_urls()).await?;
        if content.link.is_some() {
            for error in &mut errors {
                COVER.clone_into(&mut error.field);
            }
            let is_video = |media: &KeptMedia| media.kind() == MediaKind::Video;
            if known_media.iter().flatten().any(is_video) {
                errors.push(FieldError::new(COVER, "链接封面须为图片"));
            }
        }
        if !errors.is_empty() {
            return Err(Problem::Invalid(errors));
        }
        Ok(Proposal {
            user,
            request,
            accounts,
            content,
            known_media,
            content_version: version,
            content_findings: findings,
            now,
        })
    }

    /// The accounts of the request, all of them the user's.
    async fn targets(&self, user: UserId, wanted: &[AccountId]) -> Result<Vec<Account>, Problem> {
        let accounts = self.store.find_accounts(user, wanted).await?;
        if accounts.len() == wanted.len() {
            return Ok(accounts);
        }
        let found: HashSet<_> = accounts.iter().map(|account| &account.account_id).collect();
        let missing = wanted.iter().filter(|id| !found.contains(id)).cloned().collect();
        Err(MomentError::WechatAccountNotFound(missing).into())
    }

    /// What to publish: the request's own text, media and link, or a draft frozen now.
    async fn content(&self, asker: &Asker, request: &SyncRequest) -> Result<Frozen, Problem> {
        let Some(id) = request.content_id else {
            let content = MomentContent {
                text: request.text().unwrap_or_default().to_owned(),
                media_urls: request.media_urls.clone(),
                link: request.link.clone(),
                visibility: request.visibility.clone(),
                video_cut: request.video_cut,
            };
            return Ok(Frozen {
                content,
                version: None,
                findings: Vec::new(),
            });
        };
        let draft = match &self.settings.library {
            Some(library) => library.draft(asker, id).await?,
            None => self.store.find_draft(asker.user, id).await?,
        };
        self.frozen(draft.ok_or(Problem::NotFound("内容"))?, request)
    }

    /// What the draft makes keeps the rules for text and number of pictures; its addresses are judged here. Who sees it is the request's matter.
    fn frozen(&self, draft: Draft, request: &SyncRequest) -> Result<Frozen, Problem> {
        let Drawn { mut content, findings } = draft.moment(request.content_cut).map_err(Problem::Unfit)?;
        content.visibility.clone_from(&request.visibility);
        content.video_cut = request.video_cut;
        let errors = check_media(&content.media_urls, |url| self.read_url(url));
        if errors.is_empty() {
            return Ok(Frozen {
                content,
                version: Some(draft.version),
                findings,
            });
        }
        let reasons: Vec<_> = errors.into_iter().map(|error| error.message).collect();
        Err(Problem::Unfit(reasons.join("；")))
    }

    fn read_url(&self, url: &str) -> Result<Url, String> {
        // A sent file is never fetched, so it does not matter where this server is.
        let anywhere = self.settings.allow_private_addresses || sent_file(url).is_some();
        moments_media::check_url(url, anywhere).map_err(|problem| problem.operator_message().to_owned())
    }
}
