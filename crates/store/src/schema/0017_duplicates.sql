-- Finds equal posts of a channel by when they are wanted.
CREATE INDEX i_moment_publication_same ON t_moment_publication (channel_id, fingerprint, due_time);
