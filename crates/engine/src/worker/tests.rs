use std::sync::Arc;

use moments_domain::{ChannelId, Clock};
use moments_media::{FetchPolicy, Fetcher, MediaStore};
use moments_platforms::Platforms;
use moments_platforms::wecom::WecomPlatform;
use moments_store::{Options, Store};
use moments_vault::KeyRing;
use moments_wecom::WecomClient;
use moments_wire::WireClient;

use super::*;
use crate::{NoProbe, Parts, SealedShelf, Settings};

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(1_760_000_000)
    }
}

/// A worker with one slot, that no platform answers.
async fn worker(folder: &tempfile::TempDir) -> Worker {
    let store = Store::open(&Options::new("sqlite::memory:")).await.expect("a store");
    let keys = Arc::new(KeyRing::parse(&KeyRing::generate().expect("a key")).expect("a ring"));
    let client = WecomClient::new(
        WireClient::new().expect("a client"),
        "http://127.0.0.1:9".parse().expect("a url"),
    );
    let shelf = SealedShelf::new(store.clone(), Arc::clone(&keys));
    let fetcher = Fetcher::new(FetchPolicy::default()).expect("a fetcher");
    Worker::new(Engine::new(Parts {
        store,
        keys,
        platforms: Platforms {
            wecom: Arc::new(WecomPlatform::new(client, Arc::new(shelf), Arc::new(Noon))),
            gewe: None,
            gateway: None,
        },
        provider: None,
        media: MediaStore::open(folder.path(), fetcher, 1).expect("a media folder"),
        broker: None,
        clock: Arc::new(Noon),
        settings: Settings {
            concurrency: 1,
            ..Settings::default()
        },
        probe: Arc::new(NoProbe),
        owner: "worker".to_owned(),
        seed: 1,
    }))
}

/// Otherwise a backlog stands still until the next sweep.
#[tokio::test]
async fn a_slot_that_comes_free_while_the_table_is_asked_ends_the_sleep() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut worker = worker(&folder).await;
    let store = worker.engine.store.clone();
    let slot = worker.shares.take(ChannelId(1)).expect("a slot");
    let asked_long_ago = async {
        drop(slot);
        for _ in 0..100 {
            store.ping().await.expect("an answer");
        }
    };
    let stop = CancellationToken::new();
    tokio::select! {
        biased;
        () = worker.idle(&stop) => (),
        () = asked_long_ago => panic!("it sleeps although a slot is free"),
    }
}
