//! moments-gewe
