//! A file that somebody sends: whatever its bytes are, it is refused or kept as what it is, and what is kept can be fitted.
#![no_main]

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use libfuzzer_sys::fuzz_target;
use moments_media::{FetchPolicy, Fetcher, KeptMedia, MediaError, MediaLimits, MediaStore};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

struct World {
    runtime: Runtime,
    store: MediaStore,
    _folder: TempDir,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let fetcher = Fetcher::new(FetchPolicy::default()).expect("a fetcher");
    World {
        runtime: Builder::new_current_thread().enable_all().build().expect("a runtime"),
        store: MediaStore::open(folder.path(), fetcher, 1).expect("a store"),
        _folder: folder,
    }
});

fuzz_target!(|bytes: &[u8]| {
    WORLD.runtime.block_on(async {
        if let Ok(kept) = receive(bytes).await {
            assert_eq!(kept.bytes, bytes.len() as u64);
            assert!(kept.width > 0 && kept.height > 0, "{kept:?}");
            let fitted = WORLD.store.fitted(&kept, &MediaLimits::WECOM).await;
            let forget = async |sha256: &str| {
                let later = SystemTime::now() + Duration::from_secs(3600);
                WORLD.store.give_up(sha256, later).await.expect("a folder");
            };
            if let Ok(fitted) = fitted {
                forget(&fitted.sha256).await;
            }
            forget(&kept.sha256).await;
        }
    });
});

async fn receive(bytes: &[u8]) -> Result<KeptMedia, MediaError> {
    let mut incoming = WORLD.store.receive()?;
    incoming.write(bytes).await?;
    WORLD.store.adopt(incoming).await
}
