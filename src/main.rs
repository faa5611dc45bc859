//! moments-sync
fn main() {}
