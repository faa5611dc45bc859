-- Files that users sent by themselves (requirement 5.3), each kept until nobody can need it any more.
CREATE TABLE IF NOT EXISTS t_moment_file (
    user_id     BIGINT      NOT NULL,
    sha256      VARCHAR(64) NOT NULL,                 -- of the original; the file lies in the media folder
    media       {LONG}      NOT NULL,                 -- JSON, as in t_moment_media
    bytes       BIGINT      NOT NULL,
    create_time BIGINT      NOT NULL,
    keep_until  BIGINT      NOT NULL,                 -- moved on by every task that names it
    PRIMARY KEY (user_id, sha256)
);
CREATE INDEX i_moment_file_sha256 ON t_moment_file (sha256);
CREATE INDEX i_moment_file_keep ON t_moment_file (keep_until);
-- Which files the posts that are not over yet will need. Empty in rows of an older program: their media are fetched again if need be.
ALTER TABLE t_moment_media ADD COLUMN sha256 VARCHAR(64);
CREATE INDEX i_moment_media_sha256 ON t_moment_media (sha256);
