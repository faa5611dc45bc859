//! The inbox: what the platform pushed, as work to be done. Answering a push takes one short transaction, its work comes after.

use moments_domain::{PushKind, Timestamp};
use sea_orm::QueryResult;

use crate::db::{Statements, Store, again, commit};
use crate::dialect::Sql;
use crate::error::StoreError;
use crate::rows;
use crate::sequence::Sequence;

/// A push as it arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPush {
    /// What makes it this push and no other, at most 64 characters: the same once more is no news.
    pub dedupe: String,
    /// What it asks for.
    pub kind: PushKind,
    /// The suite or template.
    pub suite_id: String,
    /// The corp, where it names one.
    pub corp_id: Option<String>,
    /// The install's state, where it names one.
    pub state: Option<String>,
    /// When the platform made it.
    pub push_time: Timestamp,
    /// Its sealed ticket or code.
    pub body: Option<String>,
    /// When it came.
    pub arrived: Timestamp,
    /// No work before this.
    pub look_time: Timestamp,
}

/// A push whose work was claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedPush {
    /// Its id.
    pub id: i64,
    /// What arrived. [`NewPush::look_time`] is the lease's end.
    pub push: NewPush,
    /// Which try this is, from 1.
    pub tries: u32,
    /// Names the claim: an old number changes nothing.
    pub lease: i64,
}

/// How many pushes are not as they should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PushCounts {
    /// Tried in vain, and to be tried again.
    pub failing: i64,
    /// Given up.
    pub given_up: i64,
}

impl Store {
    /// A new push's id; its secret is sealed for it before the row exists.
    pub async fn new_push_id(&self) -> Result<i64, StoreError> {
        self.take_ids(Sequence::Push, 1).await
    }

    /// Keeps a push. False when it is there already.
    pub async fn add_push(&self, id: i64, push: &NewPush) -> Result<bool, StoreError> {
        let values = [
            id.into(),
            push.dedupe.as_str().into(),
            push.kind.name().into(),
            push.suite_id.as_str().into(),
            push.corp_id.clone().into(),
            push.state.clone().into(),
            push.push_time.0.into(),
            push.body.clone().into(),
            push.arrived.0.into(),
            push.look_time.0.into(),
        ];
        match self.run(&ADD, values).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_duplicate() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Claims at most `most` pushes that are due, until `until`; whoever dies with one lets it come up again then.
    pub async fn claim_pushes(
        &self,
        now: Timestamp,
        until: Timestamp,
        most: u32,
    ) -> Result<Vec<ClaimedPush>, StoreError> {
        again!({
            let txn = self.write().await?;
            let mut claimed = Vec::new();
            for row in txn.rows(&DUE, [now.0.into(), most.into()]).await? {
                let mut push = read(&row)?;
                txn.run(&CLAIM, [until.0.into(), push.id.into()]).await?;
                push.lease += 1;
                push.tries += 1;
                push.push.look_time = until;
                claimed.push(push);
            }
            commit(txn).await?;
            Ok(claimed)
        })
    }

    /// The work is done: nothing secret stays.
    pub async fn finish_push(&self, claimed: &ClaimedPush) -> Result<(), StoreError> {
        self.run(&FINISH, [claimed.id.into(), claimed.lease.into()])
            .await
            .map(drop)
    }

    /// The work failed: it is tried again at `look_time`, or given up (`None`), which forgets what is secret. `why` is for an operator.
    pub async fn put_push_back(
        &self,
        claimed: &ClaimedPush,
        why: &str,
        look_time: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let body = look_time.and(claimed.push.body.clone());
        let values = [
            why.into(),
            look_time.map(|at| at.0).into(),
            body.into(),
            claimed.id.into(),
            claimed.lease.into(),
        ];
        self.run(&PUT_BACK, values).await.map(drop)
    }

    /// The work has come a step further, to the kind, corp, state and sealed secret that `claimed` names now; it goes on under the same claim.
    /// False: the claim is an old one.
    pub async fn advance_push(&self, claimed: &ClaimedPush) -> Result<bool, StoreError> {
        let push = &claimed.push;
        let values = [
            push.kind.name().into(),
            push.corp_id.clone().into(),
            push.state.clone().into(),
            push.body.clone().into(),
            claimed.id.into(),
            claimed.lease.into(),
        ];
        Ok(self.run(&ADVANCE, values).await? > 0)
    }

    /// Pushes in trouble, for an operator.
    pub async fn push_counts(&self) -> Result<PushCounts, StoreError> {
        let row = self.row(&COUNTS, []).await?;
        let count = |name: &str| -> Result<i64, StoreError> {
            let n = row
                .as_ref()
                .map(|row| row.try_get::<Option<i64>>("", name))
                .transpose()?;
            Ok(n.flatten().unwrap_or_default())
        };
        Ok(PushCounts {
            failing: count("failing")?,
            given_up: count("given_up")?,
        })
    }

    /// Forgets pushes that are over and came before `before`.
    pub async fn prune_pushes(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.run(&PRUNE, [before.0.into()]).await
    }
}

static ADD: Sql = Sql::same(
    "INSERT INTO t_moment_push (id, dedupe, kind, suite_id, corp_id, state, push_time, body, arrive_time, look_time, tries, lease) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)",
);
static DUE: Sql = Sql::each(|d| {
    let lock = d.skip_locked();
    format!(
        "SELECT id, dedupe, kind, suite_id, corp_id, state, push_time, body, arrive_time, tries, lease FROM t_moment_push \
         WHERE look_time <= ? ORDER BY look_time, id LIMIT ?{lock}"
    )
});
static CLAIM: Sql =
    Sql::same("UPDATE t_moment_push SET look_time = ?, lease = lease + 1, tries = tries + 1 WHERE id = ?");
static FINISH: Sql =
    Sql::same("UPDATE t_moment_push SET look_time = NULL, body = NULL, message = NULL WHERE id = ? AND lease = ?");
static PUT_BACK: Sql =
    Sql::same("UPDATE t_moment_push SET message = ?, look_time = ?, body = ? WHERE id = ? AND lease = ?");
static ADVANCE: Sql = Sql::same(
    "UPDATE t_moment_push SET kind = ?, corp_id = ?, state = ?, body = ?, tries = 1 WHERE id = ? AND lease = ?",
);
static COUNTS: Sql = Sql::same(
    "SELECT COUNT(look_time) AS failing, COUNT(*) - COUNT(look_time) AS given_up FROM t_moment_push WHERE message IS NOT NULL",
);
static PRUNE: Sql = Sql::same("DELETE FROM t_moment_push WHERE arrive_time < ? AND look_time IS NULL");

fn read(row: &QueryResult) -> Result<ClaimedPush, StoreError> {
    let id: i64 = row.try_get("", "id")?;
    let tries: i64 = row.try_get("", "tries")?;
    let time = |column| -> Result<Timestamp, StoreError> { Ok(Timestamp(row.try_get("", column)?)) };
    Ok(ClaimedPush {
        id,
        push: NewPush {
            dedupe: row.try_get("", "dedupe")?,
            kind: rows::parse(row, "t_moment_push", id, "kind")?,
            suite_id: row.try_get("", "suite_id")?,
            corp_id: row.try_get("", "corp_id")?,
            state: row.try_get("", "state")?,
            push_time: time("push_time")?,
            body: row.try_get("", "body")?,
            arrived: time("arrive_time")?,
            look_time: Timestamp(0),
        },
        tries: u32::try_from(tries).unwrap_or(u32::MAX),
        lease: row.try_get("", "lease")?,
    })
}
