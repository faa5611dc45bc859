//! The list of routes. A handler that is not named here does not exist.

mod accounts;
mod audit;
mod callbacks;
mod channels;
mod compliance;
mod content;
mod directory;
mod files;
mod health;
mod installs;
mod limits;
mod logins;
mod media;
mod preflight;
mod sync;
mod tasks;
mod unbind;
mod wecom;

use axum::Router;
use axum::routing::{get, post};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

pub(crate) use health::CheckBody;

/// Where the module lives in the workbench (requirement 2).
pub(crate) const BASE: &str = "/api/v1/workbench/wechat/moments";

/// Where large bodies come in, which take their time.
pub(crate) const UPLOADS: &str = "/api/v1/workbench/wechat/moments/media";

/// Routes that the OpenAPI document describes.
pub(crate) fn documented() -> OpenApiRouter<App> {
    let moments = OpenApiRouter::new()
        .routes(routes!(accounts::list_accounts))
        .routes(routes!(accounts::change_account))
        .routes(routes!(accounts::account_history))
        .routes(routes!(unbind::unbind_account))
        .routes(routes!(unbind::restore_account))
        .routes(routes!(sync::create_sync))
        .routes(routes!(preflight::preflight))
        .merge(compliance::router())
        .routes(routes!(tasks::get_task))
        .routes(routes!(tasks::cancel_task))
        .routes(routes!(tasks::retry_task))
        .routes(routes!(limits::channel_limits, limits::choose_channel_limits))
        .routes(routes!(limits::account_limits, limits::choose_account_limits))
        .routes(routes!(channels::list_channels))
        .routes(routes!(channels::bind_wecom))
        .routes(routes!(channels::bind_gewe))
        .routes(routes!(installs::begin_install))
        .routes(routes!(installs::get_install))
        .routes(routes!(installs::set_callback))
        .routes(routes!(channels::refresh_channel))
        .routes(routes!(unbind::remove_channel))
        .routes(routes!(directory::channel_directory))
        .routes(routes!(logins::start_login))
        .routes(routes!(logins::get_login))
        .routes(routes!(logins::enter_number))
        .routes(routes!(logins::refresh_code))
        .routes(routes!(logins::cancel_login))
        .routes(routes!(logins::login_again))
        .routes(routes!(audit::list_audit))
        .routes(routes!(audit::list_all_audit))
        .merge(files::routes());
    OpenApiRouter::new()
        .nest(BASE, moments)
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
}

/// Routes of every process, whatever its roles.
pub(crate) fn health() -> Router<App> {
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
}

/// Routes for machines that know them: Prometheus, gateways that fetch media or send events, and WeCom with its pushes; and for who comes back from an install.
pub(crate) fn undocumented() -> Router<App> {
    Router::new()
        .route("/metrics", get(health::metrics))
        .route("/callbacks/gewe/{secret}", post(callbacks::gewe_event))
        .route(
            "/callbacks/wecom/suite/{suite_id}/{address}",
            get(wecom::check_suite_url).post(wecom::suite_push),
        )
        .route(
            "/callbacks/wecom/channels/{id}",
            get(wecom::check_channel_url).post(wecom::channel_push),
        )
        .route("/callbacks/wecom/installed", get(wecom::installed))
        .route("/media/{until}/{signature}/{*name}", get(media::open_media))
}
