-- Media of scheduled posts that are looked at soon after creation, not only when the post is due. A row for each such task.
CREATE TABLE IF NOT EXISTS t_moment_early (
    task_id      {ID},
    due_time     BIGINT NOT NULL,                     -- when the post is wanted
    look_time    BIGINT,                              -- next look; the claim's end while claimed; empty: there is none to come
    lease        BIGINT NOT NULL,                     -- grows with every claim; whoever names it may write what was found
    tries        BIGINT NOT NULL,                     -- looks that found trouble
    trouble      {LONG},                              -- JSON: what is wrong, for people; empty: nothing, as far as known
    trouble_time BIGINT                               -- since when
);
CREATE INDEX i_moment_early_look ON t_moment_early (look_time) WHERE look_time IS NOT NULL;
-- What was found good. It becomes t_moment_media when the post is made: an older program takes what it finds there for all of a post's media.
CREATE TABLE IF NOT EXISTS t_moment_early_media (
    task_id  BIGINT      NOT NULL,
    position BIGINT      NOT NULL,                    -- place in media_urls, from 0
    sha256   VARCHAR(64) NOT NULL,
    media    {LONG}      NOT NULL,                    -- JSON, as in t_moment_media
    PRIMARY KEY (task_id, position)
);
CREATE INDEX i_moment_early_media_sha256 ON t_moment_early_media (sha256);
