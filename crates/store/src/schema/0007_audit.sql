-- Who did what. Rows are only ever added; a scheduler gives each its place in the chain soon afterwards, and nothing changes it again.
-- {OWN ID} is a 64-bit primary key that the database makes.
CREATE TABLE IF NOT EXISTS t_moment_audit (
    id          {OWN ID},
    user_id     BIGINT       NOT NULL,                -- whose things it concerns; 0: the installation's
    actor       VARCHAR(20)  NOT NULL,                -- USER, SYSTEM, PLATFORM, OPERATOR
    action      VARCHAR(40)  NOT NULL,
    object_kind VARCHAR(20)  NOT NULL,
    object_id   VARCHAR(100) NOT NULL,
    detail      {LONG}       NOT NULL,                -- JSON, without secrets
    request_id  VARCHAR(128),
    create_time BIGINT       NOT NULL,
    number      BIGINT,                               -- place in the chain, from 1; empty: not yet
    prev_hash   VARCHAR(64),
    hash        VARCHAR(64)
);
CREATE UNIQUE INDEX u_moment_audit ON t_moment_audit (number);
CREATE INDEX i_moment_audit_user ON t_moment_audit (user_id, number);

-- The end of the chain, one row: whoever goes on with it changes this row first, so that the others wait.
CREATE TABLE IF NOT EXISTS t_moment_audit_head (
    id     BIGINT      NOT NULL PRIMARY KEY,
    turns  BIGINT      NOT NULL,                      -- how often somebody went on
    number BIGINT      NOT NULL,                      -- of the last entry
    hash   VARCHAR(64) NOT NULL
);

-- What its owner says of an account.
ALTER TABLE t_wechat_account ADD COLUMN remark VARCHAR(200);
