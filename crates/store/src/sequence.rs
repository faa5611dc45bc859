//! Ids: taken from the database in blocks, so that a new row costs no round trip.

use std::collections::HashMap;

use tokio::sync::Mutex;

use crate::db::{Statements, Store, again, commit};
use crate::dialect::Sql;
use crate::error::StoreError;

/// A sequence with the size of its blocks: what a restart may skip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sequence {
    Task,
    Publication,
    Result,
    Account,
    Channel,
    Login,
    Push,
    WordList,
}

impl Sequence {
    const fn name(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Publication => "publication",
            Self::Result => "result",
            Self::Account => "account",
            Self::Channel => "channel",
            Self::Login => "login",
            Self::Push => "push",
            Self::WordList => "word_list",
        }
    }

    const fn block(self) -> i64 {
        match self {
            Self::Task | Self::Publication | Self::Push => 1_000,
            Self::Result => 100_000,
            Self::Account | Self::Channel | Self::Login | Self::WordList => 1,
        }
    }
}

/// What this process still has of each sequence: the next id and the end of its block.
#[derive(Debug, Default)]
pub(crate) struct Sequences(Mutex<HashMap<Sequence, (i64, i64)>>);

impl Store {
    /// The first of `count` consecutive new ids.
    pub(crate) async fn take_ids(&self, sequence: Sequence, count: usize) -> Result<i64, StoreError> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let mut blocks = self.sequences.0.lock().await;
        let (next, end) = blocks.get(&sequence).copied().unwrap_or((0, 0));
        if next + count <= end {
            blocks.insert(sequence, (next + count, end));
            return Ok(next);
        }
        let block = sequence.block().max(count);
        let next = self.take_block(sequence, block).await?;
        blocks.insert(sequence, (next + count, next + block));
        Ok(next)
    }

    async fn take_block(&self, sequence: Sequence, size: i64) -> Result<i64, StoreError> {
        again!({
            let txn = self.write().await?;
            let name = sequence.name();
            // The change comes first: it locks the row against other processes.
            txn.run(&MOVE_ON, [name.into(), (1 + size).into(), size.into()]).await?;
            let row = txn.row(&NEXT, [name.into()]).await?;
            let next: Option<i64> = row.map(|row| row.try_get("", "next_id")).transpose()?;
            commit(txn).await?;
            Ok(next.unwrap_or(1 + size) - size)
        })
    }
}

static MOVE_ON: Sql = Sql::each(|d| {
    let or_update = d.or_update("name");
    format!(
        "INSERT INTO t_moment_sequence (name, next_id) VALUES (?, ?) {or_update} next_id = t_moment_sequence.next_id + ?"
    )
});
static NEXT: Sql = Sql::same("SELECT next_id FROM t_moment_sequence WHERE name = ?");
