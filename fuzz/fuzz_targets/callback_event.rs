//! A decrypted message, genuine or not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use moments_wecom::Push;

fuzz_target!(|message: &str| {
    let _ = Push::parse(message);
});
