//! Reading a task (requirement 2.3).

use moments_domain::{TaskId, UserId};
use moments_store::TaskView;

use crate::app::Engine;
use crate::problem::Problem;

impl Engine {
    /// The user's task with the result of each account.
    pub async fn task(&self, user: UserId, id: TaskId) -> Result<TaskView, Problem> {
        self.store.find_task(user, id).await?.ok_or(Problem::NotFound("任务"))
    }
}
