-- Why an account has its status, since when, when it was last asked after, and how often the status has changed.
ALTER TABLE t_wechat_account ADD COLUMN status_code VARCHAR(40);
ALTER TABLE t_wechat_account ADD COLUMN status_reason TEXT;
ALTER TABLE t_wechat_account ADD COLUMN status_time BIGINT;
ALTER TABLE t_wechat_account ADD COLUMN checked_time BIGINT;
ALTER TABLE t_wechat_account ADD COLUMN status_changes BIGINT NOT NULL DEFAULT 0;
-- The next check of a channel, 0 while none is planned; the number of its claim; its last check; since when its credential is suspected,
-- having been refused once; and what an administrator should know although no account is at fault.
ALTER TABLE t_moment_channel ADD COLUMN check_time BIGINT NOT NULL DEFAULT 0;
ALTER TABLE t_moment_channel ADD COLUMN check_lease BIGINT NOT NULL DEFAULT 0;
ALTER TABLE t_moment_channel ADD COLUMN checked_time BIGINT NOT NULL DEFAULT 0;
ALTER TABLE t_moment_channel ADD COLUMN suspect_since BIGINT;
ALTER TABLE t_moment_channel ADD COLUMN notice_code VARCHAR(40);
ALTER TABLE t_moment_channel ADD COLUMN notice TEXT;
ALTER TABLE t_moment_channel ADD COLUMN notice_time BIGINT;
CREATE INDEX i_moment_channel_check ON t_moment_channel (check_time);
-- Every change of an account's status.
CREATE TABLE IF NOT EXISTS t_moment_account_event (
    account_row BIGINT      NOT NULL,                 -- id in t_wechat_account
    n           BIGINT      NOT NULL,                 -- 1 is the first
    from_status VARCHAR(20),                          -- empty: the account came
    to_status   VARCHAR(20) NOT NULL,
    code        VARCHAR(40),                          -- empty: it is ACTIVE
    reason      TEXT,
    event_time  BIGINT      NOT NULL,
    noticed_by  VARCHAR(20) NOT NULL,                 -- CHECK, PUBLISH, CALLBACK, USER, BIND
    PRIMARY KEY (account_row, n)
) {ROWS BY KEY};
