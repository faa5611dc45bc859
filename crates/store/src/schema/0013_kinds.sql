-- What a task may be besides text and media, and who may see it. Empty in rows of an older program, which knows neither.
ALTER TABLE t_moment_sync_task ADD COLUMN link {LONG};       -- JSON: title, url, coverUrl
ALTER TABLE t_moment_sync_task ADD COLUMN visibility {LONG}; -- JSON: the lists that narrow the audience
