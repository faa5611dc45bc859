//! moments-engine
