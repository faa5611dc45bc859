//! What a test makes happen. Each of these is also an HTTP control, see `control`.

use crate::Sandbox;
use crate::error::SandboxError;
use crate::fault::{Fault, Mix};
use crate::gewe::{DeviceSeed, GatewayStyle, LoginStep, Switches};
use crate::wecom::{CorpSeed, CorpSettings, DepartmentSeed, MemberChange, MemberSeed, TokenEvent};

impl Sandbox {
    /// Creates a corp. Refused when the corpid exists.
    pub fn add_corp(&self, seed: CorpSeed) -> Result<(), SandboxError> {
        self.inner.wecom.add_corp(seed)
    }

    /// Adds a member to a corp, or replaces the one with the same userid.
    pub fn put_member(&self, corpid: &str, member: MemberSeed) -> Result<(), SandboxError> {
        self.inner.wecom.get(corpid)?.members_mut().put(member);
        Ok(())
    }

    /// Something happens to a member: leaves, is disabled, moves, loses a right. Apps with an address are told.
    pub fn change_member(&self, corpid: &str, userid: &str, change: &MemberChange) -> Result<(), SandboxError> {
        let corp = self.inner.wecom.get(corpid)?;
        corp.change_member(userid, change)?;
        self.tell_soon(&corp, &change.event(userid));
        Ok(())
    }

    /// Adds a department, or hangs an existing one below another. Refused when that would make a ring.
    pub fn put_department(&self, corpid: &str, department: &DepartmentSeed) -> Result<(), SandboxError> {
        self.inner.wecom.get(corpid)?.put_department(department)
    }

    /// The address that error texts of the WeCom world name as the caller's; `203.0.113.7` at first.
    pub fn set_caller_ip(&self, address: &str) {
        self.inner.wecom.set_caller_ip(address);
    }

    /// Changes limits, delays or permissions of a corp from now on.
    pub fn change_settings(&self, corpid: &str, change: impl FnOnce(&mut CorpSettings)) -> Result<(), SandboxError> {
        self.inner.wecom.settings(corpid, change)
    }

    /// Makes something happen to a corp's credentials.
    pub fn token_event(&self, corpid: &str, event: TokenEvent) -> Result<(), SandboxError> {
        self.inner.wecom.token_event(corpid, event)
    }

    /// These members publish now; with nobody named, all who got the task. Answers how many have published by then.
    pub fn confirm(&self, corpid: &str, moment_id: &str, userids: &[String]) -> Result<usize, SandboxError> {
        self.inner
            .wecom
            .confirm(corpid, moment_id, userids, self.inner.clock.now_ms())
    }

    /// A member writes a post on the phone (个人 posts are seen by `get_moment_list`). Answers its moment id.
    pub fn add_personal_post(&self, corpid: &str, userid: &str, text: &str) -> Result<String, SandboxError> {
        self.inner
            .wecom
            .personal_post(corpid, userid, text, self.inner.clock.now_ms())
    }

    /// Creates a gewe device, logged in when the seed has a wxid. Answers its appId.
    pub fn add_device(&self, seed: DeviceSeed) -> Result<String, SandboxError> {
        self.inner.gewe.add_device(seed, self.inner.clock.now_ms())
    }

    /// Changes where the gateway is, how it is told a token, and how many devices it allows.
    pub fn set_gateway_style(&self, style: GatewayStyle) {
        self.inner.gewe.set_style(style);
    }

    /// Changes the fault switches of a device.
    pub fn change_switches(&self, app_id: &str, change: impl FnOnce(&mut Switches)) -> Result<(), SandboxError> {
        self.inner.gewe.switches(app_id, change, self.inner.clock.now_ms())
    }

    /// What a person does with a phone in front of a login code.
    pub fn login_step(&self, app_id: &str, step: LoginStep) -> Result<(), SandboxError> {
        self.inner.gewe.login_step(app_id, step, self.inner.clock.now_ms())
    }

    /// The account of a device drops (an `Offline` event is sent) or comes back.
    pub fn set_online(&self, app_id: &str, online: bool) -> Result<(), SandboxError> {
        self.inner.gewe.set_online(app_id, online)
    }

    /// Puts a fault at the end of the queue. The first that matches a call strikes it.
    pub fn add_fault(&self, fault: Fault) {
        self.inner.faults.add(fault);
    }

    /// Starts a random mix of faults from its seed, or stops it.
    pub fn set_mix(&self, mix: Option<Mix>) {
        self.inner.faults.set_mix(mix);
    }

    /// Removes every scripted fault and the mix.
    pub fn clear_faults(&self) {
        self.inner.faults.clear();
    }
}
