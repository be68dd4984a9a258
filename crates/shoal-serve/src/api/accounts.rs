//! Accounts.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use shoal_index::{AccountPage, Erasure, Subject};

use super::json;
use super::posts::{ErasureReason, erase_subject};
use crate::access::Caller;
use crate::app::App;
use crate::extract::{NativeId, NoParameters, Parameters};
use crate::problem::Problem;

/// An account with everything that is known of it.
#[utoipa::path(get, path = "/api/v1/accounts/{id}", tag = "accounts",
    params(("id" = String, Path, pattern = "^[^:]+:[\\s\\S]",
        description = "The account, `platform:native`; slashes are written `%2F`.")),
    responses((status = 200, description = "The account.", body = AccountPage)))]
pub(super) async fn account(
    State(app): State<Arc<App>>,
    NativeId(id): NativeId,
    _: Parameters<NoParameters>,
) -> Result<Response, Problem> {
    json(&app, move |index, limits| index.account(&id, limits)?.ok_or_else(|| Problem::missing("account", &id))).await
}

/// Makes an account disappear, with all its posts.
///
/// It disappears from what can be found and from the evidence of alerts at once, from the disk with the next purge.
/// Needs the role `admin`.
#[utoipa::path(delete, path = "/api/v1/accounts/{id}", tag = "erasure",
    params(("id" = String, Path, pattern = "^[^:]+:[\\s\\S]",
        description = "The account, `platform:native`; slashes are written `%2F`."), ErasureReason),
    responses((status = 200, description = "What was done.", body = Erasure)))]
pub(super) async fn erase(
    State(app): State<Arc<App>>,
    caller: Caller,
    NativeId(id): NativeId,
    Parameters(why, _): Parameters<ErasureReason>,
) -> Result<Response, Problem> {
    erase_subject(&app, caller, Subject::Account(id), why).await
}
