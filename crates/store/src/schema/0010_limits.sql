-- Which limit a publication waits for.
ALTER TABLE t_moment_publication ADD COLUMN wait_limit VARCHAR(20);

-- The limits that somebody chose for a channel or an account. What is not chosen is the installation's.
CREATE TABLE IF NOT EXISTS t_moment_limit (
    channel_id  BIGINT       NOT NULL,
    account_id  VARCHAR(100) NOT NULL,                  -- empty: the channel as a whole
    choice      TEXT         NOT NULL,                  -- JSON
    update_time BIGINT       NOT NULL,
    PRIMARY KEY (channel_id, account_id)
);
