//! moments-api
