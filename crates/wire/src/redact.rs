//! Takes out of a text what must not be logged or stored.

/// `text` without the queries of addresses, the values of tokens and secrets, and mobile numbers.
///
/// `https://host/path?access_token=x` becomes `https://host/path?…`, `"token": "x"` becomes `"token": "…"`, and
/// `13800001234` becomes `138****1234`. Longer runs of digits, such as a platform's hint, stay: its support asks for them.
pub fn redacted(text: &str) -> String {
    mask_phones(&mask_named_values(&cut_queries(text)))
}

fn cut_queries(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, address) = rest.split_at(start);
        let end = address.find(ends_address).unwrap_or(address.len());
        let (address, after) = address.split_at(end);
        out.push_str(before);
        match address.split_once('?') {
            Some((path, _)) => out.extend([path, "?…"]),
            None => out.push_str(address),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn ends_address(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ')' | ']' | ',' | '，' | '。' | '；')
}

fn mask_named_values(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut names: Vec<_> = ["token", "secret"]
        .iter()
        .flat_map(|name| lower.match_indices(name))
        .collect();
    names.sort_unstable();
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, name) in names {
        let after = at + name.len();
        let Some((start, end)) = value_after(&text[after..]).filter(|_| after >= done) else {
            continue;
        };
        out.extend([&text[done..after + start], "…"]);
        done = after + end;
    }
    out.push_str(&text[done..]);
    out
}

/// Where the value begins and ends in the text after a name, if the name is followed by `=` or `:`.
fn value_after(rest: &str) -> Option<(usize, usize)> {
    let separator = rest.trim_start_matches(['"', '\'', ' ']);
    let value = separator.strip_prefix(['=', ':'])?.trim_start_matches(['"', '\'', ' ']);
    let length = value
        .find(|c: char| !(c.is_ascii_alphanumeric() || "-_.~+/%".contains(c)))
        .unwrap_or(value.len());
    let start = rest.len() - value.len();
    (length > 0).then_some((start, start + length))
}

fn mask_phones(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, digits) = rest.split_at(start);
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let (digits, after) = digits.split_at(end);
        out.push_str(before);
        match phone(digits) {
            Some((head, tail)) => out.extend([head, "****", tail]),
            None => out.push_str(digits),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The first and last digits to show, when a whole run of digits is a mobile number of the mainland.
fn phone(digits: &str) -> Option<(&str, &str)> {
    let national = digits
        .strip_prefix("86")
        .filter(|rest| rest.len() == 11)
        .unwrap_or(digits);
    let mobile = national.len() == 11 && matches!(national.as_bytes(), [b'1', b'3'..=b'9', ..]);
    mobile.then(|| (&national[..3], &national[7..]))
}

#[cfg(test)]
mod tests;
