-- What posts may not say, and where they may not link to: lists made by API.
CREATE TABLE IF NOT EXISTS t_moment_word_list (
    id          {ID},
    user_id     BIGINT       NOT NULL,                -- whose posts it judges; 0: everybody's
    name        VARCHAR(100) NOT NULL,
    kind        VARCHAR(20)  NOT NULL,                -- WORDS, ALLOW, LINK_ALLOW, LINK_DENY
    level       VARCHAR(20)  NOT NULL,                -- WARN, BLOCK: of entries that name none
    enabled     BIGINT       NOT NULL,                -- 1: it judges
    version     BIGINT       NOT NULL,                -- grows with every change
    hash        VARCHAR(64)  NOT NULL,                -- SHA-256 of the content
    entries     BIGINT       NOT NULL,
    content     {LONG}       NOT NULL,                -- the lines, as they were given
    update_by   BIGINT       NOT NULL,                -- the user who changed it last
    create_time BIGINT       NOT NULL,
    update_time BIGINT       NOT NULL
);
CREATE INDEX i_moment_word_list_user ON t_moment_word_list (user_id);

-- Every version that a list ever had, so that a decision that names one can be understood. Outlives the list.
CREATE TABLE IF NOT EXISTS t_moment_word_list_version (
    list_id     BIGINT       NOT NULL,
    version     BIGINT       NOT NULL,
    name        VARCHAR(100) NOT NULL,
    hash        VARCHAR(64)  NOT NULL,
    entries     BIGINT       NOT NULL,
    enabled     BIGINT       NOT NULL,
    update_by   BIGINT       NOT NULL,
    update_time BIGINT       NOT NULL,
    PRIMARY KEY (list_id, version)
);

-- Lists that judged together, each in its version: what a task names by its hash instead of repeating it.
CREATE TABLE IF NOT EXISTS t_moment_word_set (
    hash  VARCHAR(64) NOT NULL PRIMARY KEY,
    lists {LONG}      NOT NULL                        -- JSON
);
ALTER TABLE t_moment_sync_task ADD COLUMN word_set VARCHAR(64);

-- What was found in a task's content when it was created. No row: nothing.
CREATE TABLE IF NOT EXISTS t_moment_compliance (
    task_id  BIGINT NOT NULL PRIMARY KEY,
    decision {LONG} NOT NULL                          -- JSON
);
