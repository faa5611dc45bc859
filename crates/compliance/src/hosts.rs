//! Lists of hosts.

use std::collections::HashMap;

use crate::list::ListKind;

/// A host as it is compared: lower case, punycode.
pub(crate) type Host = String;

/// Which lists name a host, and whether it may be linked to.
#[derive(Debug, Default)]
pub(crate) struct Hosts {
    /// The list that says so, by its place among the checker's lists. What is denied somewhere is denied.
    named: HashMap<Host, (ListKind, usize)>,
    /// The first list of allowed hosts: with it, what is not named is not allowed.
    only: Option<usize>,
}

/// A host, or a parent of it, that a list names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nearest {
    /// How long the named one is: the longest says most of the host.
    pub(crate) length: usize,
    pub(crate) kind: ListKind,
    pub(crate) list: usize,
}

/// Reads one line: a host, perhaps with `*.` before it and a remark after `|`.
pub(crate) fn read(line: &str) -> Result<Host, String> {
    let host = line.split(['|', '｜']).next().unwrap_or_default().trim();
    let host = host.trim_start_matches("*.").trim_matches('.');
    canonical(host)
        .filter(|host| host.contains('.') || host.contains(':'))
        .ok_or_else(|| "请填写域名或 IP，例如 example.com；不含 http:// 与路径".to_owned())
}

/// A host as it is compared; `None` when it cannot be one.
pub(crate) fn canonical(host: &str) -> Option<Host> {
    match url::Host::parse(host).ok()? {
        url::Host::Domain(name) => Some(name.trim_end_matches('.').to_owned()),
        address => Some(address.to_string()),
    }
}

impl Hosts {
    pub(crate) fn add(&mut self, list: usize, kind: ListKind, hosts: &[Host]) {
        if kind == ListKind::LinkAllow {
            self.only = self.only.or(Some(list));
        }
        for host in hosts {
            let known = self.named.entry(host.clone()).or_insert((kind, list));
            if kind == ListKind::LinkDeny && known.0 != kind {
                *known = (kind, list);
            }
        }
    }

    /// Whether no list says anything of links.
    pub(crate) fn is_empty(&self) -> bool {
        self.named.is_empty() && self.only.is_none()
    }

    /// The list of allowed hosts, if there is one: with it, what is not named is not allowed.
    pub(crate) fn only(&self) -> Option<usize> {
        self.only
    }

    /// The nearest named parent of a host, itself first.
    pub(crate) fn nearest(&self, host: &str) -> Option<Nearest> {
        let is_address = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
        let parents = std::iter::successors(Some(host), |name| name.split_once('.').map(|(_, parent)| parent));
        let mut parents = parents.take(if is_address { 1 } else { usize::MAX });
        parents.find_map(|name| {
            let (kind, list) = self.named.get(name).copied()?;
            let length = name.len();
            Some(Nearest { length, kind, list })
        })
    }
}
