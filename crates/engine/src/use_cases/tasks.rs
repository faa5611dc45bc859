//! Reading a task (requirement 2.3), taking it back, and wanting a new attempt.

use std::time::Duration;

use moments_domain::{AuditAction, AuditObject, Move, TaskId, UserId};
use moments_store::TaskView;
use serde_json::json;

use crate::app::Engine;
use crate::problem::Problem;
use crate::publisher::{Wish, by_hand};

/// How long a task's publications are held for a person's wish: enough for the ten thousand of the largest task, and so little that a wish which
/// breaks off makes no post late for long.
const HELD: Duration = Duration::from_mins(1);

impl Engine {
    /// The user's task with the result of each account.
    pub async fn task(&self, user: UserId, id: TaskId) -> Result<TaskView, Problem> {
        self.store.find_task(user, id).await?.ok_or(Problem::NotFound("任务"))
    }

    /// Takes back what has not been submitted yet; the rest goes on. [`Problem::Conflict`] when nothing can be taken back any more.
    pub async fn cancel_task(&self, user: UserId, id: TaskId) -> Result<TaskView, Problem> {
        let wish = Wish {
            by: Move::Cancel,
            even_held: false,
        };
        if self.move_by_hand(user, id, wish, AuditAction::Cancel).await? == 0 {
            return Err(Problem::Conflict("任务已提交到平台或已结束，无法取消".to_owned()));
        }
        self.task(user, id).await
    }

    /// A new attempt for everything of the task that did not come out as a whole. What is HELD, because nobody can tell whether it came out,
    /// is sent again only when the user says that it did not (`not_published`).
    pub async fn retry_task(&self, user: UserId, id: TaskId, not_published: bool) -> Result<TaskView, Problem> {
        let wish = Wish {
            by: Move::Revive,
            even_held: not_published,
        };
        let action = if not_published {
            AuditAction::Decide
        } else {
            AuditAction::Retry
        };
        if self.move_by_hand(user, id, wish, action).await? == 0 {
            let why = "没有可以重试的内容；若结果为“待人工核对”，请先确认朋友圈中确实没有该内容，再以 confirmNotPublished 重试";
            return Err(Problem::Conflict(why.to_owned()));
        }
        self.wake.due_at(self.clock.now());
        self.task(user, id).await
    }

    /// How many publications moved. The audit is told once, with the first of them.
    async fn move_by_hand(&self, user: UserId, id: TaskId, wish: Wish, action: AuditAction) -> Result<usize, Problem> {
        let until = self.clock.now() + HELD;
        let claimed = self
            .store
            .claim_of_task(user, id, &self.owner, until)
            .await?
            .ok_or(Problem::NotFound("任务"))?;
        let mut moved = 0;
        for one in claimed {
            let entry = (moved == 0).then(|| self.entry(user, action, (AuditObject::Task, id), json!({})));
            moved += usize::from(by_hand(self, one, wish, entry).await?);
        }
        Ok(moved)
    }
}
