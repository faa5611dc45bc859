//! Every sealed text of the installation at once: to check the key ring, and to let its first key take over from the others.

use std::collections::BTreeMap;

use moments_store::{SEALED, SealKey, SealedPlace, SealedValue, Store, StoreError};
use moments_vault::{KeyRing, VaultError};

/// Texts read, and written in one transaction, at a time.
const PAGE: u32 = 200;

/// What the key ring is to the sealed texts of the installation.
#[derive(Debug, Default)]
pub struct Survey {
    /// One for each place, in the order of [`SEALED`].
    pub places: Vec<PlaceSurvey>,
}

/// The same for one place.
#[derive(Debug)]
pub struct PlaceSurvey {
    /// Which.
    pub place: &'static SealedPlace,
    /// How many texts lie there.
    pub values: u64,
    /// How many of them open, but with another key than the newest.
    pub older: u64,
    /// How many need a key that the ring does not have, by the key's id.
    pub missing: BTreeMap<String, u64>,
    /// How many are not what was sealed for their row, or not by the key whose id they name.
    pub broken: u64,
}

/// What has been done of a place so far.
#[derive(Clone, Copy, Debug)]
pub struct Resealing {
    /// Which.
    pub place: &'static SealedPlace,
    /// Texts looked at.
    pub seen: u64,
    /// Of these, sealed anew.
    pub sealed: u64,
}

impl Survey {
    /// How many texts there are.
    pub fn values(&self) -> u64 {
        self.places.iter().map(|place| place.values).sum()
    }

    /// How many texts still need one of the older keys.
    pub fn older(&self) -> u64 {
        self.places.iter().map(|place| place.older).sum()
    }

    /// How many do not open although their key is there.
    pub fn broken(&self) -> u64 {
        self.places.iter().map(|place| place.broken).sum()
    }

    /// Keys that the ring lacks, with how many texts need each; texts that can be had again are not counted.
    pub fn missing(&self) -> BTreeMap<&str, u64> {
        let mut missing = BTreeMap::new();
        for place in self.places.iter().filter(|place| !place.place.renewable) {
            for (key, count) in &place.missing {
                *missing.entry(key.as_str()).or_default() += count;
            }
        }
        missing
    }

    /// Whether the newest key alone opens everything.
    pub fn is_complete(&self) -> bool {
        self.older() == 0 && self.broken() == 0 && self.places.iter().all(|place| place.missing.is_empty())
    }
}

/// Tries to open every sealed text. Changes nothing.
pub async fn survey(store: &Store, keys: &KeyRing) -> Result<Survey, StoreError> {
    let mut survey = Survey::default();
    for &place in SEALED {
        let mut found = PlaceSurvey {
            place,
            values: 0,
            older: 0,
            missing: BTreeMap::new(),
            broken: 0,
        };
        let mut pages = Pages::of(place);
        while let Some(values) = pages.next(store).await? {
            for value in &values {
                found.count(keys, value);
            }
        }
        survey.places.push(found);
    }
    Ok(survey)
}

/// Lets the newest key take over from the others, wherever one of them still seals; `told` hears of each step. What changes meanwhile is sealed by
/// those who change it, so the service may run, and this may be interrupted and run again. Says what the ring is to the texts afterwards.
pub async fn reseal(store: &Store, keys: &KeyRing, mut told: impl FnMut(Resealing)) -> Result<Survey, StoreError> {
    for &place in SEALED {
        let mut pages = Pages::of(place);
        let mut done = Resealing {
            place,
            seen: 0,
            sealed: 0,
        };
        while let Some(values) = pages.next(store).await? {
            done.seen += values.len() as u64;
            let swaps: Vec<_> = values
                .into_iter()
                .filter_map(|value| swap(keys, place, value))
                .collect();
            if !swaps.is_empty() {
                store.swap_seals(place, &swaps).await?;
                done.sealed += swaps.len() as u64;
            }
            told(done);
        }
    }
    survey(store, keys).await
}

/// What comes in place of a text; `None`: it stays.
fn swap(keys: &KeyRing, place: &SealedPlace, value: SealedValue) -> Option<(SealedValue, Option<String>)> {
    if !keys.needs_reseal(&value.sealed) {
        return None;
    }
    match keys.reseal(&place.bound_to(&value.key), &value.sealed) {
        Ok(fresh) => Some((value, Some(fresh))),
        Err(_) if place.renewable => Some((value, None)),
        Err(_) => None,
    }
}

impl PlaceSurvey {
    fn count(&mut self, keys: &KeyRing, value: &SealedValue) {
        self.values += 1;
        match keys.open(&self.place.bound_to(&value.key), &value.sealed) {
            Ok(_) => self.older += u64::from(keys.needs_reseal(&value.sealed)),
            Err(VaultError::MissingKey { key_id }) => *self.missing.entry(key_id).or_default() += 1,
            Err(_) => self.broken += 1,
        }
    }
}

/// A place, page by page.
struct Pages {
    place: &'static SealedPlace,
    last: Option<SealKey>,
}

impl Pages {
    fn of(place: &'static SealedPlace) -> Self {
        Self { place, last: None }
    }

    async fn next(&mut self, store: &Store) -> Result<Option<Vec<SealedValue>>, StoreError> {
        let page = store.sealed(self.place, self.last.as_ref(), PAGE).await?;
        self.last = page.last().map(|value| value.key.clone());
        Ok(if page.is_empty() { None } else { Some(page) })
    }
}
