-- Log-ins of personal accounts at a gateway. The device is kept here before anybody scans: losing it would cost another one of the token's quota.
CREATE TABLE IF NOT EXISTS t_moment_login (
    id           {ID},
    user_id      BIGINT       NOT NULL,               -- who began it
    status       VARCHAR(20)  NOT NULL,               -- WAITING, SCANNED, VERIFY, DONE, CANCELLED, EXPIRED, FAILED
    gateway      VARCHAR(64)  NOT NULL,               -- hash of address and token
    busy         VARCHAR(100),                        -- what it is about, unique while it is open; empty when it is over
    base_url     VARCHAR(255),                        -- the gateway; empty: the installation's
    app_id       VARCHAR(100),                        -- the device; empty: none yet, or a later log-in has it
    device_time  BIGINT,                              -- when it was made for us; empty: it was there before
    device_type  VARCHAR(20)  NOT NULL,               -- ipad, mac
    region_id    VARCHAR(20)  NOT NULL,
    name         VARCHAR(100),                        -- what the channel will be called
    channel_id   BIGINT,                              -- the channel that is logged in again, or that came of it
    wxid         VARCHAR(100),                        -- who has logged in on the device
    nick_name    VARCHAR(100),                        -- who scans
    avatar_url   VARCHAR(500),
    secrets      {LONG},                              -- sealed: token, proxy, code; only the proxy when it is over
    number       TEXT,                                -- sealed: the number that WeChat showed, until the next poll has it
    message      TEXT,                                -- Chinese: why it is over
    expire_time  BIGINT       NOT NULL,               -- the code's end, as far as known
    look_time    BIGINT,                              -- next poll; the lease's end while leased; empty when it is over
    lease        BIGINT       NOT NULL,               -- grows with every claim
    create_time  BIGINT       NOT NULL,
    update_time  BIGINT       NOT NULL
);
CREATE UNIQUE INDEX u_moment_login_busy ON t_moment_login (busy) WHERE busy IS NOT NULL;
CREATE INDEX i_moment_login_look ON t_moment_login (look_time) WHERE look_time IS NOT NULL;
CREATE INDEX i_moment_login_user ON t_moment_login (user_id, gateway);
CREATE INDEX i_moment_login_channel ON t_moment_login (channel_id);

-- Where each gateway was told to send the events of a token.
CREATE TABLE IF NOT EXISTS t_moment_callback (
    gateway      VARCHAR(64)  NOT NULL PRIMARY KEY,   -- as in t_moment_login
    address_hash VARCHAR(64)  NOT NULL,               -- of the address, which nobody else may know
    set_time     BIGINT       NOT NULL
);

-- GEWE: when the device was first logged in, if that was here: a new device is restricted for days.
ALTER TABLE t_moment_channel ADD COLUMN first_login_time BIGINT;
