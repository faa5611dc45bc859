//! Hands ready publications from schedulers to workers.
