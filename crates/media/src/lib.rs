//! moments-media
