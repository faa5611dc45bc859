//! The schema's history. Each step runs once, whoever starts first.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager};

use crate::error::StoreError;

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Script {
            name: "0001_initial",
            sql: include_str!("schema.sqlite.sql"),
        })]
    }
}

/// A step that is a commented SQL script.
struct Script {
    name: &'static str,
    sql: &'static str,
}

impl MigrationName for Script {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Script {
    /// All or nothing, with the note that it was done: a process that is killed half-way would leave a database that never opens again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.sql).await.map(|_| ())
    }
}

/// Brings the schema up to date.
pub(crate) async fn up(connection: &DatabaseConnection) -> Result<(), StoreError> {
    Migrator::up(connection, None).await.map_err(|e| {
        StoreError::Setup(format!(
            "cannot bring the schema up to date: {e}. Restore a backup or use the newer program"
        ))
    })
}
