//! Opaque ids that carry their place: an owner number and a sequence number, scrambled and signed.
//!
//! A map from a million ids to their moments would cost more than the moments, and a foreign or invented id is
//! recognised without looking anything up.

#[cfg(test)]
mod tests;

/// Odd, so that multiplication by it can be undone.
const SCRAMBLE: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
const UNSCRAMBLE: u128 = inverse(SCRAMBLE);
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 62^22 is just above 2^128.
const LENGTH: usize = 22;
const SEQ_BITS: u32 = 48;
const OWNER_BITS: u32 = 32;

/// What an id names. Ids of one kind are not valid as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdKind {
    /// `mom…`, 34 characters (reference wecom 1).
    Moment,
    /// jobid of a creation.
    Job,
    /// media_id of `upload_attachment`.
    Media,
    /// media_id shown by `get_moment_list`; it cannot be used for a creation (reference wecom 7.3).
    Listed,
    /// `next_cursor`.
    Cursor,
}

impl IdKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Moment => "mom0eo9iCwAA",
            Self::Job => "jobM8s0k2Qe7",
            Self::Media => "1Xq7vB2mKd9_Tz-DemoMedia",
            Self::Listed => "WWCISP_",
            Self::Cursor => "cur",
        }
    }
}

/// Makes and reads the ids of one sandbox; another sandbox (another seed) does not recognise them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IdMaker {
    seed: u64,
}

impl IdMaker {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed }
    }

    pub(crate) fn make(self, kind: IdKind, owner: u32, seq: u64) -> String {
        let place = (u128::from(owner) << SEQ_BITS) | u128::from(seq);
        let signed = (u128::from(self.signature(kind, owner, seq)) << (SEQ_BITS + OWNER_BITS)) | place;
        let mut id = String::with_capacity(kind.prefix().len() + LENGTH);
        id.push_str(kind.prefix());
        push_base62(&mut id, signed.wrapping_mul(SCRAMBLE));
        id
    }

    /// Owner and sequence number; `None` for anything this sandbox did not make as this kind.
    pub(crate) fn read(self, kind: IdKind, id: &str) -> Option<(u32, u64)> {
        let signed = parse_base62(id.strip_prefix(kind.prefix())?)?.wrapping_mul(UNSCRAMBLE);
        let seq = u64::try_from(signed & ((1 << SEQ_BITS) - 1)).ok()?;
        let owner = u32::try_from((signed >> SEQ_BITS) & u128::from(u32::MAX)).ok()?;
        let signature = u64::try_from(signed >> (SEQ_BITS + OWNER_BITS)).ok()?;
        (signature == self.signature(kind, owner, seq)).then_some((owner, seq))
    }

    /// 48 bits that only this seed, kind and place give.
    fn signature(self, kind: IdKind, owner: u32, seq: u64) -> u64 {
        let mut value = mix(self.seed ^ (kind as u64));
        value = mix(value ^ u64::from(owner));
        mix(value ^ seq) >> 16
    }
}

/// The finaliser of the splitmix64 generator: spreads every bit of the input over the output.
pub(crate) fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn push_base62(text: &mut String, mut value: u128) {
    let mut digits = [b'0'; LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[usize::try_from(value % 62).unwrap_or(0)];
        value /= 62;
    }
    text.extend(digits.map(char::from));
}

fn parse_base62(text: &str) -> Option<u128> {
    if text.len() != LENGTH {
        return None;
    }
    text.bytes().try_fold(0_u128, |value, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'a'..=b'z' => byte - b'a' + 36,
            _ => return None,
        };
        value.checked_mul(62)?.checked_add(u128::from(digit))
    })
}

/// Newton's iteration doubles the number of right low bits each round: 3, 6, … 192.
const fn inverse(odd: u128) -> u128 {
    let mut result = odd;
    let mut round = 0;
    while round < 6 {
        result = result.wrapping_mul(2_u128.wrapping_sub(odd.wrapping_mul(result)));
        round += 1;
    }
    result
}
