//! What a text may not say, and where it may not link to. Pure: lists and a text go in, hits come out.
//!
//! Lists of words are compiled into one automaton ([`Checker`]), which reads a text once however many words there are. It reads the text
//! folded ([`fold`]): without full-width forms, case, traditional characters and look-alikes, and passing over what stands between the
//! characters of a word where that is safe ([`spelling`]). Positions are always those of the original text.
//!
//! Source: requirement 5.8 (compliance of content).

mod builtin;
mod checker;
mod entry;
mod fold;
mod hit;
mod hosts;
mod links;
mod list;
mod matcher;
mod places;
mod spelling;
mod variants;

pub use builtin::builtin;
pub use checker::{Checker, TooLarge, check};
pub use entry::{BadLine, MOST_LETTERS};
pub use hit::{Hit, HitKind, Place, Report};
pub use list::{Header, Level, List, ListKind, Source, UnknownName, hash};

#[cfg(test)]
mod tests;
