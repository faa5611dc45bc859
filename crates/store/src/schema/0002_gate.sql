-- One row for each gate that ever let a creation through: whoever asks the gate changes its row first, so that the others wait.
CREATE TABLE IF NOT EXISTS t_moment_gate (
    name   VARCHAR(100) NOT NULL PRIMARY KEY,         -- corpid or device: what the platform counts
    passes BIGINT       NOT NULL                      -- how often it was asked
);
