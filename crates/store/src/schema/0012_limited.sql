-- Until when a limit last made a publication wait; empty: none has yet. Lateness is measured from there on.
ALTER TABLE t_moment_publication ADD COLUMN limited_until BIGINT;
