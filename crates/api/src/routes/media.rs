//! Media for gateways that fetch by themselves (reference personal-gateway 4.4). The address is the permission: it is
//! signed and short-lived.

use axum::body::Body;
use axum::extract::{RawPathParams, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use moments_engine::{OpenMedia, Problem};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use crate::app::App;
use crate::error::ApiError;

/// The file behind a signed address; 404 for any address that is not good.
pub(crate) async fn open_media(State(app): State<App>, params: RawPathParams) -> Result<Response, ApiError> {
    let param = |wanted: &str| {
        params
            .iter()
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value)
            .unwrap_or_default()
    };
    let missing = || ApiError::from(Problem::NotFound("媒体"));
    let until = param("until").parse().map_err(|_| missing())?;
    let media = app.engine.open_media(until, param("signature"), param("name")).await?;
    stream(media).await
}

/// The bytes of a file.
pub(crate) async fn stream(media: OpenMedia) -> Result<Response, ApiError> {
    let missing = |_| ApiError::from(Problem::NotFound("媒体"));
    let file = File::open(&media.path).await.map_err(missing)?;
    let bytes = file.metadata().await.map_err(missing)?.len();
    let headers = [
        (header::CONTENT_TYPE, media.mime.to_owned()),
        (header::CONTENT_LENGTH, bytes.to_string()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, Body::from_stream(ReaderStream::new(file))).into_response())
}
