//! moments-wire
