//! The extractor that stands before every handler of the API.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use moments_domain::UserId;
use secrecy::SecretString;

use crate::app::App;
use crate::auth::TokenProblem;
use crate::auth::permission::Permission;
use crate::edge;
use crate::error::ApiError;

/// A verified caller who holds permission `P` and has not asked too often.
///
/// Cannot be made in another way, so a handler without it knows no user. Put it first: what it refuses is not read.
#[derive(Debug)]
pub(crate) struct Caller<P> {
    /// Who calls; every use case is asked in this name.
    pub(crate) user: UserId,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequestParts<App> for Caller<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers)?;
        let identity = app.verifier.verify(token, app.clock.now()).await?;
        edge::note_user(identity.user);
        app.limiter.check(identity.user).map_err(ApiError::TooMany)?;
        if !identity.permissions.contains(&P::NAME) {
            return Err(ApiError::Forbidden(P::NAME));
        }
        Ok(Self {
            user: identity.user,
            permission: PhantomData,
        })
    }
}

/// The token that the caller came with, for a service that is asked in the caller's name. Put it after [`Caller`], which verifies it.
pub(crate) struct Bearer(pub(crate) SecretString);

impl FromRequestParts<App> for Bearer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, ApiError> {
        Ok(Self(bearer(&parts.headers)?.into()))
    }
}

/// The token of `Authorization: Bearer <token>`; the scheme's name has no case (RFC 9110).
fn bearer(headers: &HeaderMap) -> Result<&str, TokenProblem> {
    let value = headers.get(header::AUTHORIZATION).ok_or(TokenProblem::Missing)?;
    let value = value.to_str().map_err(|_| TokenProblem::Invalid)?;
    let (scheme, token) = value.split_once(' ').ok_or(TokenProblem::Missing)?;
    let token = token.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() {
        Ok(token)
    } else {
        Err(TokenProblem::Missing)
    }
}
