//! moments-store
