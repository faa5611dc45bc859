//! The platform calls of a publication and nothing else: what this machine could do at best.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, bail};
use futures::future::try_join_all;
use moments_wecom::{AccessToken, JobStatus, NewMoment, Senders, WecomClient};
use moments_wire::WireClient;
use secrecy::SecretString;

use crate::fill;
use crate::installation::CORPS;
use crate::stand_in::{corpid, secret, userid};
use crate::stats::rate;
use crate::usage::Usage;

/// Publications worked on at once: as many as make the loop fastest. With four times as many it is an eighth slower.
const AT_ONCE: usize = 128;

/// How fast the loop was, and what it cost this process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bare {
    /// Publications a second.
    pub(crate) rate: f64,
    /// Processor seconds.
    pub(crate) cpu_secs: f64,
}

/// Publishes `count` posts for `members` members each on the stand-in at `address`, and stores nothing.
pub(crate) async fn run(address: &str, name: &'static str, count: usize, members: usize) -> anyhow::Result<Bare> {
    let client = WecomClient::new(WireClient::new()?, format!("http://{address}").parse()?);
    let publisher = Arc::new(Publisher {
        tokens: tokens(&client).await?,
        client,
        senders: Senders::new((0..members).map(userid))?,
        name,
    });
    let next = Arc::new(AtomicUsize::new(0));
    let (begun, before) = (Instant::now(), Usage::of_this()?);
    let workers = (0..AT_ONCE).map(|_| {
        let (publisher, next) = (Arc::clone(&publisher), Arc::clone(&next));
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return anyhow::Ok(());
                }
                publisher.publish(number, members).await?;
            }
        })
    });
    for worker in try_join_all(workers).await? {
        worker?;
    }
    Ok(Bare {
        rate: rate(count, begun.elapsed()),
        cpu_secs: (Usage::of_this()? - before).cpu_secs,
    })
}

struct Publisher {
    client: WecomClient,
    tokens: Vec<AccessToken>,
    senders: Senders,
    name: &'static str,
}

impl Publisher {
    /// The three calls that a publication makes when the platform is quick.
    async fn publish(&self, number: usize, members: usize) -> anyhow::Result<()> {
        let token = self.tokens.get(number % CORPS).context("a token for each corp")?;
        let moment = NewMoment::new(&fill::text(self.name, number), Vec::new(), self.senders.clone());
        let job = self.client.add_moment_task(token, &moment).await?;
        let JobStatus::Finished(result) = self.client.get_moment_task_result(token, &job).await? else {
            bail!("the stand-in took its time over a job");
        };
        let page = self.client.get_moment_task(token, &result.moment_id, None).await?;
        if page.items.len() != members || !page.items.iter().all(moments_wecom::MemberTask::is_published) {
            bail!("the stand-in did not publish for everybody");
        }
        Ok(())
    }
}

async fn tokens(client: &WecomClient) -> anyhow::Result<Vec<AccessToken>> {
    let mut tokens = Vec::with_capacity(CORPS);
    for corp in 0..CORPS {
        let issued = client
            .gettoken(&corpid(corp), &SecretString::from(secret(corp)))
            .await?;
        tokens.push(issued.access_token);
    }
    Ok(tokens)
}
