//! moments-wecom
