//! moments-sandbox
