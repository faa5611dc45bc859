//! What the vendor's error codes mean for the caller (reference wecom 9).

use moments_domain::ErrorClass;

/// "System busy". At a create call it does not say whether the task was made: ask before sending again (reference wecom 9.1).
pub const SYSTEM_BUSY: i64 = -1;
/// The jobid is unknown: older than 24 h, or another app's (reference wecom 7.2).
pub const JOB_UNKNOWN: i64 = 40088;
/// The tasks are still being handed out to the members; ask again in 10 to 60 s (reference wecom 7.4).
pub const DISPATCHING: [i64; 2] = [41079, 41063];
/// The task was cancelled before: as good as done (reference wecom 9.2).
pub const ALREADY_CANCELLED: i64 = 41093;

/// How to react to an `errcode`.
///
/// Where the reference names two classes the one that suits a publisher of moments is taken: 40058 and 44001 blame the content,
/// 60011 the configuration, 84074 and 84084 the member. A code that the reference does not list is our defect until somebody has
/// looked at it: [`ErrorClass::Request`], never retried.
pub const fn class(errcode: i64) -> ErrorClass {
    match errcode {
        40014 | 40082 | 42001 | 42009 => ErrorClass::Token,

        SYSTEM_BUSY | 6000 | 40085 | 42007 | 45035 | 41062 | 41063 | 41079 => ErrorClass::BackOff,

        45009 | 45033 | 45036 | 41078 | 41210 => ErrorClass::Window,

        40001
        | 40013
        | 40077
        | 40078
        | 40080
        | 40083
        | 40084
        | 40086
        | 40091
        | 43012
        | 48001..=48005
        | 48009
        | 48010
        | 50001
        | 50003
        | 50006
        | 60011
        | 60020
        | 60031
        | 41211
        | 301_002 => ErrorClass::Configuration,

        40004..=40007
        | 40009
        | 40011
        | 40039
        | 40058
        | 40123
        | 40145
        | 40201
        | 40204
        | 44001
        | 45001
        | 45002
        | 45034
        | 85002
        | 41064
        | 41065
        | 41080..=41082
        | 41088..=41090
        | 830_001..=830_003 => ErrorClass::Content,

        40003 | 40031 | 40066 | 40068 | JOB_UNKNOWN | 40096 | 40205 | 46004 | 50002 | 60003 | 60021 | 60111 | 60123
        | 81013 | 84061 | 84074 | 84084 | 92000 | 41048 | 41054 | 41056 | 41061 | 301_021 => ErrorClass::Target,

        43009 | 48006 | 48011 | 301_007 | 610_016 | 610_023 | 610_024 | 701_008 | 701_099 => ErrorClass::Licence,

        _ => ErrorClass::Request,
    }
}

#[cfg(test)]
mod tests;
