//! The same content for the same account, twice within a window.
//!
//! Not one of the [`findings`](super::findings): creation asks in the transaction that stores the task, and the pre-flight asks the same by
//! [`look`].

use moments_domain::content::MomentContent;
use moments_domain::fingerprint::fingerprint;
use moments_domain::{Finding, FindingCode, FindingLevel, ResultStatus, Timestamp};
use moments_store::{Duplicate, NewTask};

use crate::app::Engine;
use crate::problem::Problem;

/// What would stand against storing `task` now.
pub(crate) async fn look(engine: &Engine, task: &NewTask) -> Result<Vec<Finding>, Problem> {
    let found = engine.store.find_duplicates(task).await?;
    Ok(engine.of_duplicates(&found))
}

impl Engine {
    /// What the content shows and to whom. A file that was sent here is itself at each of its addresses, whatever their host, date and signature.
    pub(crate) fn fingerprint_of(&self, content: &MomentContent) -> String {
        let files: Vec<_> = content.file_urls().iter().map(|url| self.own_file(url)).collect();
        if files.iter().all(Option::is_none) {
            return fingerprint(content);
        }
        let mut content = content.clone();
        let addresses = match &mut content.link {
            Some(link) => link.cover_url.as_mut_slice(),
            None => &mut content.media_urls,
        };
        for (address, file) in addresses.iter_mut().zip(files) {
            if let Some(file) = file {
                *address = file;
            }
        }
        fingerprint(&content)
    }

    pub(crate) fn of_duplicates(&self, found: &[Duplicate]) -> Vec<Finding> {
        let refuses = self.settings.duplicates.is_some_and(|guard| guard.refuses);
        found.iter().map(|one| of_duplicate(one, refuses)).collect()
    }
}

fn of_duplicate(one: &Duplicate, refuses: bool) -> Finding {
    let stands = match one.status {
        ResultStatus::Pending => "待发布",
        ResultStatus::Processing => "发布中",
        ResultStatus::Success => "已发布",
        ResultStatus::Failed => "结果待人工确认",
    };
    let at = Timestamp::from_secs(one.due_time.as_secs());
    let (level, advice) = if refuses {
        (FindingLevel::Blocked, "请去掉该账号、修改内容，或先取消原任务")
    } else {
        (FindingLevel::Warning, "如非有意重复，请取消其中一个任务")
    };
    Finding {
        level,
        code: FindingCode::DuplicateContent,
        field: "accountIds",
        message: format!(
            "账号 {} 在任务 {} 中已有相同内容（{at}，{stands}）",
            one.account_id, one.task_id
        ),
        advice: advice.to_owned(),
        account_id: Some(one.account_id.clone()),
    }
}
