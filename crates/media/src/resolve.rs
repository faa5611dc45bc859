//! Names become addresses here, and forbidden addresses vanish: what is left is exactly what gets connected to, so
//! a name that changes its mind between check and connection gains nothing.

use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::{AddressRule, UrlProblem};

/// Asks `inner` and keeps what the rule allows.
pub(crate) struct Guarded {
    pub(crate) inner: Arc<dyn Resolve>,
    pub(crate) rule: AddressRule,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let rule = self.rule;
        let addresses = self.inner.resolve(name);
        Box::pin(async move {
            let mut allowed = addresses.await?.filter(move |a| rule.allows(a.ip())).peekable();
            if allowed.peek().is_none() {
                return Err(UrlProblem::PrivateAddress.into());
            }
            Ok(Box::new(allowed) as Addrs)
        })
    }
}

/// The operating system's resolver.
pub(crate) struct SystemLookup;

impl Resolve for SystemLookup {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(addresses.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}
