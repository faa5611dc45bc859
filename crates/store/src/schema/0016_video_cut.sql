-- Whether of a video that lasts too long the beginning is published (1) or nothing (0), which is what an older program does.
ALTER TABLE t_moment_sync_task ADD COLUMN video_cut BIGINT NOT NULL DEFAULT 0;
