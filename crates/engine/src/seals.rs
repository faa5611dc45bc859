//! Every sealed credential of the installation at once: to check the key ring, and to change its first key.

use moments_store::{SealedCredential, Store};
use moments_vault::KeyRing;

use crate::problem::Problem;
use crate::use_cases::credential_row;

/// Opens every credential; how many there are. The error names the missing key.
pub async fn check_seals(store: &Store, keys: &KeyRing) -> Result<usize, Problem> {
    let sealed = store.sealed_credentials().await?;
    for one in &sealed {
        keys.open(&credential_row(one.channel_id), &one.sealed)
            .map_err(|e| Problem::Internal(Box::new(e)))?;
    }
    Ok(sealed.len())
}

/// Seals every credential anew that the newest key has not sealed; how many. May be interrupted and run again.
pub async fn reseal(store: &Store, keys: &KeyRing) -> Result<usize, Problem> {
    let mut count = 0;
    for one in store
        .sealed_credentials()
        .await?
        .into_iter()
        .filter(|one| keys.needs_reseal(&one.sealed))
    {
        let SealedCredential {
            channel_id,
            credential_version,
            sealed,
        } = one;
        let row = credential_row(channel_id);
        let secret = keys.open(&row, &sealed).map_err(|e| Problem::Internal(Box::new(e)))?;
        let fresh = keys.seal(&row, &secret).map_err(|e| Problem::Internal(Box::new(e)))?;
        store.replace_seal(channel_id, credential_version, &fresh).await?;
        count += 1;
    }
    Ok(count)
}
