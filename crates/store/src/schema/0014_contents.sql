-- Which version of the draft content_id a task was frozen from: the draft's update_time; empty: from no draft, or by an older program.
ALTER TABLE t_moment_sync_task ADD COLUMN content_version VARCHAR(64);
