-- Whose app a WeCom channel is, and where its own events come in.
ALTER TABLE t_moment_channel ADD COLUMN app_kind VARCHAR(20) NOT NULL DEFAULT 'SELF_BUILT';
ALTER TABLE t_moment_channel ADD COLUMN suite_id VARCHAR(64);
ALTER TABLE t_moment_channel ADD COLUMN callback TEXT; -- sealed; token and AES key of its own callback

-- A provider's suite or template: what its pushes brought last, and its access token.
CREATE TABLE IF NOT EXISTS t_moment_suite (
    suite_id      VARCHAR(64) NOT NULL PRIMARY KEY,
    ticket        TEXT,                                 -- sealed suite_ticket
    ticket_time   BIGINT      NOT NULL,                 -- the platform's time of it; the newest wins
    ticket_seen   BIGINT      NOT NULL,                 -- when it came here
    token         TEXT,                                 -- sealed suite_access_token
    token_expires BIGINT,
    refresh_fence BIGINT      NOT NULL,                 -- as in t_moment_channel
    refresh_until BIGINT      NOT NULL
);

-- An installation of a provider's app that somebody began here, or that came from elsewhere and waits for its owner.
CREATE TABLE IF NOT EXISTS t_moment_install (
    state       VARCHAR(64)  NOT NULL PRIMARY KEY,      -- unguessable; comes back with the administrator
    user_id     BIGINT,                                 -- whose channel it becomes; empty: nobody's yet
    app_kind    VARCHAR(20)  NOT NULL,
    suite_id    VARCHAR(64)  NOT NULL,
    name        VARCHAR(100) NOT NULL,                  -- of the channel
    status      VARCHAR(20)  NOT NULL,                  -- WAITING, DONE, FAILED, UNCLAIMED
    expires     BIGINT       NOT NULL,                  -- a state that is still WAITING then is void
    taken_by    VARCHAR(64),                            -- the push that used the state; nobody else may
    channel_id  BIGINT,                                 -- what it became
    message     TEXT,                                   -- why it failed, in Chinese
    corp_id     VARCHAR(100),                           -- UNCLAIMED: the corp
    credential  TEXT,                                   -- sealed permanent code; UNCLAIMED only
    create_time BIGINT       NOT NULL
);
CREATE INDEX i_moment_install_status ON t_moment_install (status);
CREATE INDEX i_moment_install_time ON t_moment_install (create_time);

-- What the platform has pushed to us, as the work that it asks for. It is stored before it is answered, and worked on afterwards.
CREATE TABLE IF NOT EXISTS t_moment_push (
    id          {ID},
    dedupe      VARCHAR(64)  NOT NULL,                  -- hash of what makes it this push and no other
    kind        VARCHAR(40)  NOT NULL,
    suite_id    VARCHAR(64)  NOT NULL,                  -- the suite or template
    corp_id     VARCHAR(100),
    state       VARCHAR(128),                           -- of the install
    push_time   BIGINT       NOT NULL,                  -- the platform's time of it
    body        TEXT,                                   -- sealed; its ticket or code while there is work to do
    arrive_time BIGINT       NOT NULL,
    tries       BIGINT       NOT NULL,
    look_time   BIGINT,                                 -- next try; the lease's end while leased; empty when over
    lease       BIGINT       NOT NULL,                  -- grows with every claim; whoever names it holds the row
    message     TEXT                                    -- why the last try failed; kept when it was given up
);
CREATE UNIQUE INDEX u_moment_push ON t_moment_push (dedupe);
CREATE INDEX i_moment_push_look ON t_moment_push (look_time, id) WHERE look_time IS NOT NULL;
CREATE INDEX i_moment_push_arrive ON t_moment_push (arrive_time);
