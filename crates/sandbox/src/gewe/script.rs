//! What a test makes happen in the gewe world.

use std::sync::Arc;

use crate::error::SandboxError;
use crate::gewe::device::Device;
use crate::gewe::seed::{DeviceSeed, LoginStep, Switches};
use crate::gewe::{Gewe, callback, login};
use crate::sync::write;

impl Gewe {
    pub(crate) fn add_device(&self, seed: DeviceSeed, now_ms: i64) -> Result<String, SandboxError> {
        let device = Arc::new(Device::new(seed, now_ms));
        let app_id = device.app_id.clone();
        let mut devices = write(&self.devices);
        if devices.by_app_id.contains_key(&app_id) {
            return Err(SandboxError::NotNow("this appId is already seeded"));
        }
        write(&self.callbacks).entry(device.token.clone()).or_default();
        devices.list.push(Arc::clone(&device));
        devices.by_app_id.insert(app_id.clone(), device);
        Ok(app_id)
    }

    pub(crate) fn switches(
        &self,
        app_id: &str,
        change: impl FnOnce(&mut Switches),
        now_ms: i64,
    ) -> Result<(), SandboxError> {
        self.get(app_id)?.state().set_switches(change, now_ms);
        Ok(())
    }

    pub(crate) fn login_step(&self, app_id: &str, step: LoginStep, now_ms: i64) -> Result<(), SandboxError> {
        login::step(&*self.get(app_id)?, step, now_ms)
    }

    pub(crate) fn set_online(&self, app_id: &str, online: bool) -> Result<(), SandboxError> {
        let device = self.get(app_id)?;
        let was_online = std::mem::replace(&mut device.state().online, online);
        if was_online && !online {
            callback::send_offline(self, &device);
        }
        Ok(())
    }

    /// Lets the devices look at the clock.
    pub(crate) fn sweep(&self, now_ms: i64) {
        for device in self.all() {
            self.sweep_device(&device, now_ms);
        }
    }
}
