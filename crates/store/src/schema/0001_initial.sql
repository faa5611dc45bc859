-- One text for every database; {BRACES} are spelled by each in its own way, see migrate.rs.
-- {ID} is a 64-bit primary key. Ids are made by the program, see t_moment_sequence.
-- {DATETIME} is UTC with microseconds: SQLite keeps text 'YYYY-MM-DD HH:MM:SS.ffffff'. Our own tables keep microseconds since the epoch.
-- {LONG} is text without a bound of 64 KiB. An index may leave out rows ("WHERE"): MySQL has no such, and keeps them all.

-- Requirement 3.1. One WeChat identity that can show a Moment.
CREATE TABLE IF NOT EXISTS t_wechat_account (
    id            {ID},
    user_id       BIGINT       NOT NULL,              -- whose account it is
    account_id    VARCHAR(100) NOT NULL,              -- {corpid}:{userid}, or the wxid
    account_type  VARCHAR(20)  NOT NULL,              -- PERSONAL, WEWORK
    account_name  VARCHAR(100),
    status        VARCHAR(20)  NOT NULL,              -- ACTIVE, OFFLINE, EXPIRED
    auth_data     TEXT,                               -- sealed; empty where the channel holds the credential
    create_time   {DATETIME}  NOT NULL,
    update_time   {DATETIME}  NOT NULL,
    channel_id    BIGINT       NOT NULL               -- the way to it
);
CREATE UNIQUE INDEX u_wechat_account ON t_wechat_account (account_id);
CREATE INDEX i_wechat_account_user ON t_wechat_account (user_id);
CREATE INDEX i_wechat_account_type ON t_wechat_account (account_type);
CREATE INDEX i_wechat_account_status ON t_wechat_account (status);
CREATE INDEX i_wechat_account_channel ON t_wechat_account (channel_id);

-- Requirement 3.2. What a user asked for.
CREATE TABLE IF NOT EXISTS t_moment_sync_task (
    id             {ID},
    user_id        BIGINT      NOT NULL,
    content_id     BIGINT,                            -- the draft it was frozen from
    text_content   TEXT,
    media_urls     TEXT,                              -- JSON array, in the order shown
    status         VARCHAR(20) NOT NULL,              -- derived from the results
    scheduled_time {DATETIME},                        -- empty: at once
    create_time    {DATETIME} NOT NULL,
    update_time    {DATETIME} NOT NULL
);
CREATE INDEX i_moment_sync_task_user ON t_moment_sync_task (user_id);
CREATE INDEX i_moment_sync_task_content ON t_moment_sync_task (content_id);
CREATE INDEX i_moment_sync_task_status ON t_moment_sync_task (status);
CREATE INDEX i_moment_sync_task_scheduled ON t_moment_sync_task (scheduled_time);

-- Requirement 3.3. The outcome for one account. While a worker holds its publication, status lags behind by a few seconds.
CREATE TABLE IF NOT EXISTS t_moment_sync_result (
    id             {ID},
    task_id        BIGINT       NOT NULL,
    account_id     VARCHAR(100) NOT NULL,
    status         VARCHAR(20)  NOT NULL,             -- derived: PENDING, PROCESSING, SUCCESS, FAILED
    moment_id      VARCHAR(255),
    error_message  TEXT,                              -- Chinese: what happened and who must act
    create_time    {DATETIME}  NOT NULL,
    update_time    {DATETIME}  NOT NULL,
    publication_id BIGINT       NOT NULL,             -- the platform call that serves it
    account_name   VARCHAR(100),                      -- as it was at creation
    outcome        VARCHAR(20)  NOT NULL,             -- this account's own outcome; PENDING: the publication speaks for it
    error_reason   VARCHAR(40),                       -- stable reason
    publish_time   BIGINT                             -- when it was first seen published
);
CREATE UNIQUE INDEX u_moment_sync_result ON t_moment_sync_result (task_id, account_id);
CREATE INDEX i_moment_sync_result_account ON t_moment_sync_result (account_id);
CREATE INDEX i_moment_sync_result_status ON t_moment_sync_result (status);

-- One authorised way to a platform, with its credential and its limits.
CREATE TABLE IF NOT EXISTS t_moment_channel (
    id                 {ID},
    user_id            BIGINT       NOT NULL,
    kind               VARCHAR(20)  NOT NULL,         -- WECOM, GEWE
    name               VARCHAR(100) NOT NULL,
    handle             VARCHAR(100) NOT NULL,         -- corpid, or the device's appId
    agent_id           BIGINT,                        -- WECOM: the app
    wxid               VARCHAR(100),                  -- GEWE: the account
    base_url           VARCHAR(255),                  -- GEWE: the gateway
    credential         TEXT         NOT NULL,         -- sealed
    credential_version BIGINT       NOT NULL,         -- grows with every new credential
    broken_reason      TEXT,                          -- why the credential does not work; empty: it does, as far as known
    pause_until        BIGINT       NOT NULL,         -- no creation before this
    token              TEXT,                          -- sealed access token
    token_expires      BIGINT,
    refresh_fence      BIGINT       NOT NULL,         -- grows with every refresh begun
    refresh_until      BIGINT       NOT NULL,         -- who began it has the right until then
    create_time        BIGINT       NOT NULL,
    update_time        BIGINT       NOT NULL
);
CREATE UNIQUE INDEX u_moment_channel ON t_moment_channel (kind, handle);
CREATE INDEX i_moment_channel_user ON t_moment_channel (user_id);

-- The unit of work: one task on one channel, which is one platform creation.
CREATE TABLE IF NOT EXISTS t_moment_publication (
    id              {ID},
    task_id         BIGINT       NOT NULL,
    user_id         BIGINT       NOT NULL,
    channel_id      BIGINT       NOT NULL,
    due_time        BIGINT       NOT NULL,
    state           VARCHAR(20)  NOT NULL,            -- see the machine in the domain
    state_time      BIGINT       NOT NULL,            -- since when
    look_time       BIGINT,                           -- next look; the lease's end while leased; empty when final
    plan_time       BIGINT       NOT NULL,            -- the next look as planned; a claim leaves it as it is
    lease           BIGINT       NOT NULL,            -- grows with every claim; whoever names it holds the row
    owner           VARCHAR(64),                      -- the process that holds it; empty: nobody
    looks           BIGINT      NOT NULL,
    attempt         BIGINT      NOT NULL,
    absences        BIGINT      NOT NULL,
    sent_time       BIGINT,
    fingerprint     VARCHAR(64)  NOT NULL,
    in_flight       VARCHAR(100),                     -- channel and fingerprint while a call may be out; unique
    job_id          VARCHAR(128),
    moment_id       VARCHAR(255),
    created_time    BIGINT,
    wait_reason     VARCHAR(20),
    failure_reason  VARCHAR(40),
    failure_message {LONG}
);
CREATE INDEX i_moment_publication_look ON t_moment_publication (look_time, id) WHERE look_time IS NOT NULL;
CREATE INDEX i_moment_publication_task ON t_moment_publication (task_id);
CREATE INDEX i_moment_publication_created ON t_moment_publication (channel_id, created_time) WHERE created_time IS NOT NULL;
CREATE UNIQUE INDEX u_moment_publication_in_flight ON t_moment_publication (in_flight) WHERE in_flight IS NOT NULL;

-- One try of a publication, with what the platform answered; also the memory of the creation rate.
CREATE TABLE IF NOT EXISTS t_moment_attempt (
    publication_id BIGINT       NOT NULL,
    lease          BIGINT       NOT NULL,             -- the claim that made it
    attempt        BIGINT      NOT NULL,
    gate           VARCHAR(100) NOT NULL,             -- corpid or device: what the platform counts
    sent_time      BIGINT       NOT NULL,
    busy_until     BIGINT       NOT NULL,             -- until then it counts against the gate
    answer         {LONG},                            -- what the platform said; empty: nothing yet
    PRIMARY KEY (publication_id, lease)
) {ROWS BY KEY};
CREATE INDEX i_moment_attempt_gate ON t_moment_attempt (gate, busy_until);

-- The media of a task as fetched, once.
CREATE TABLE IF NOT EXISTS t_moment_media (
    task_id  BIGINT      NOT NULL,
    position BIGINT     NOT NULL,                    -- place in media_urls, from 0
    media    {LONG}      NOT NULL,                    -- JSON: hash, kind, size, pixels, length
    PRIMARY KEY (task_id, position)
);

-- A medium that a channel's platform already knows.
CREATE TABLE IF NOT EXISTS t_moment_upload (
    channel_id   BIGINT      NOT NULL,
    sha256       VARCHAR(64) NOT NULL,
    reference    TEXT        NOT NULL,                -- media_id, or the upload's answer
    usable_until BIGINT      NOT NULL,
    PRIMARY KEY (channel_id, sha256)
);

-- The first answer to each Idempotency-Key.
CREATE TABLE IF NOT EXISTS t_moment_idempotency (
    user_id     BIGINT       NOT NULL,
    key_text    VARCHAR(200) NOT NULL,
    body_hash   VARCHAR(64)  NOT NULL,
    answer      {LONG}       NOT NULL,                -- JSON
    create_time BIGINT       NOT NULL,
    PRIMARY KEY (user_id, key_text)
);
CREATE INDEX i_moment_idempotency_time ON t_moment_idempotency (create_time);

-- Where each process takes blocks of ids from.
CREATE TABLE IF NOT EXISTS t_moment_sequence (
    name    VARCHAR(40) NOT NULL PRIMARY KEY,
    next_id BIGINT      NOT NULL
);

-- The content library of the sibling module, where both share a database (workbench conventions).
CREATE TABLE IF NOT EXISTS t_workbench_content (
    id           {ID},
    user_id      BIGINT       NOT NULL,
    title        VARCHAR(255),
    content_type VARCHAR(20)  NOT NULL,
    content_data {LONG},
    tags         TEXT,
    category     VARCHAR(50),
    status       VARCHAR(20)  NOT NULL,
    create_time  {DATETIME}  NOT NULL,
    update_time  {DATETIME}  NOT NULL
);
