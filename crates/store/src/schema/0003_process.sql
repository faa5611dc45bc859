-- The processes that work on this database, so that what a dead one held comes up before its leases end.
CREATE TABLE IF NOT EXISTS t_moment_process (
    owner VARCHAR(64) NOT NULL PRIMARY KEY,           -- as in t_moment_publication
    beats BIGINT      NOT NULL                        -- grows as long as it lives
);
