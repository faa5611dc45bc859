//! moments-vault
