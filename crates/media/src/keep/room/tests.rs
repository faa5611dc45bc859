use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::keep::videos::tests::store;
use crate::samples::*;

use super::*;

/// On a machine of many cores. Each job waits for another one inside, so that the test ends only if two are let in.
#[tokio::test]
async fn two_photos_are_in_memory_at_once_however_many_wait() {
    let dir = tempfile::tempdir().unwrap();
    let store = MediaStore {
        permits: Arc::new(Semaphore::new(16)),
        ..store(dir.path())
    };
    let (pair, inside, most) = (Barrier::new(2), AtomicUsize::new(0), AtomicUsize::new(0));
    let shared = Arc::new((pair, inside, most));
    let photos = (0..10).map(|_| {
        let (store, shared) = (store.clone(), Arc::clone(&shared));
        async move {
            let room = store.room_for(4032, 3024).await?;
            let job = move || {
                let _room = room;
                let (pair, inside, most) = &*shared;
                most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                pair.wait();
                inside.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            };
            store.work(job).await
        }
    });
    futures::future::try_join_all(photos).await.unwrap();
    assert_eq!(shared.2.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn the_largest_picture_takes_all_the_room_and_gives_it_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let all = store.room_for(30_000, 3000).await.unwrap();
    assert_eq!(store.room.available_permits(), 0);
    drop(all);
    assert_eq!(store.room.available_permits(), ROOM_MIB as usize);
}

#[tokio::test]
async fn what_a_file_announces_is_what_it_takes() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let png = image::ImageFormat::Png;
    for (bytes, format, mib) in [
        (jpeg(&quarters(1024, 1024)), MediaFormat::Jpeg, 8),
        (lying_png(4096, 1024), MediaFormat::Png, 32),
        (encoded(quarters(64, 48), png), MediaFormat::Png, 0),
        (claiming(QUARTERS_HEIC, 2048, 2048), MediaFormat::Heic, 32),
        (claiming(QUARTERS_AVIF, 2048, 1024), MediaFormat::Avif, 16),
        (mp4(Mp4::default()), MediaFormat::Mp4, 0),
    ] {
        let path = dir.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        let room = store.room_for_file(&path, format).await.unwrap();
        assert_eq!(room.num_permits(), mib, "{format:?}");
    }
}
