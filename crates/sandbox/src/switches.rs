//! What the providers' documents leave open, as switches.
//!
//! Each `[?]`, `[I]` or contradicting fact of a fact sheet that a client can notice is one switch with the likeliest
//! position as its default. A conformance kit runs a client in both positions of each of them.

use serde::{Deserialize, Serialize};

use crate::provider;

macro_rules! switches {
    ($($(#[$doc:meta])* $name:ident: $default:literal,)*) => {
        /// Every open fact, in one position each.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Switches {
            $($(#[$doc])* pub $name: bool,)*
        }

        impl Default for Switches {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl Switches {
            /// The names of all switches.
            pub const NAMES: &[&str] = &[$(stringify!($name),)*];

            /// Puts one switch into a position; `None` when there is no switch of that name.
            pub fn set(&mut self, name: &str, position: bool) -> Option<()> {
                match name {
                    $(stringify!($name) => self.$name = position,)*
                    _ => return None,
                }
                Some(())
            }

            /// The same positions with one switch turned; `None` when there is no switch of that name.
            #[must_use]
            pub fn turned(mut self, name: &str) -> Option<Self> {
                match name {
                    $(stringify!($name) => self.$name = !self.$name,)*
                    _ => return None,
                }
                Some(self)
            }
        }
    };
}

switches! {
    /// `gocardless` §1 `[?]`: unknown fields are said to be in `payload` and `query`; otherwise in `request body` and `query parameters`.
    unknown_fields_are_in_payload: true,
    /// `gocardless` §1 `[?]`: agreements refuse unknown fields too; the spec lists that answer for institutions and requisitions only.
    agreements_refuse_unknown_fields: true,
    /// `gocardless` §2 `[?]`: a call without a token is answered with summary and detail; otherwise with detail only.
    missing_token_has_summary: true,
    /// `gocardless` §2 `[?]`: field errors of the token calls carry `status_code`.
    token_field_errors_have_status_code: true,
    /// `gocardless` §2: refreshing also gives a new refresh token; one client claims it, the spec says no.
    refresh_token_rotates: false,
    /// `gocardless` §3 `[?]`: `?country=XX` is accepted and lists the provider's sandbox bank; so does the list without country.
    country_xx_is_accepted: true,
    /// `gocardless` §3: a bad country is keyed by field (recorded 2024); otherwise flat (spec 2025).
    bad_country_is_keyed: false,
    /// `gocardless` §3: list rows carry features and identification codes; the spec promises them on retrieve only.
    list_has_features: true,
    /// `gocardless` §4: errors about days are lists of objects (spec); otherwise the objects themselves (recorded).
    days_errors_are_lists: false,
    /// `gocardless` §4: scopes that belong together are asked for under `access_scope` (spec); otherwise in a body whose texts are lists.
    scope_dependencies_are_keyed: false,
    /// `gocardless` §4 and §14 `[?]`: consents are capped by the institution's own maximum; otherwise by 180 days everywhere.
    access_days_follow_institution: true,
    /// `gocardless` §4 `[?]`: only agreements that nobody accepted can be deleted (docs); otherwise only accepted ones (spec).
    unaccepted_agreements_can_be_deleted: true,
    /// `gocardless` §4: this company may enable reconfirmation, which most may not.
    company_may_reconfirm: false,
    /// `gocardless` §4: with reconfirmation consents last as long as the institution states for it; otherwise no longer than without.
    reconfirmation_extends_access: false,
    /// `gocardless` §4 `[?]`: where a reconfirmation did not come, data calls say that access has expired; otherwise that the agreement has.
    lapsed_reconfirmation_is_access_expired: true,
    /// `gocardless` §4: a malformed agreement id is an `Invalid EndUserAgreement ID` (older); otherwise an `Invalid ID`.
    bad_agreement_id_names_its_kind: false,
    /// `gocardless` §4: the free tier's 50 new requisitions a month are counted, then 402.
    free_tier_is_limited: false,
    /// `gocardless` §5: `redirect` may be null, as the schema has it; otherwise it is refused, as the errors have it.
    redirect_may_be_null: false,
    /// `gocardless` §5: a malformed requisition id is not found (older recording); otherwise an “Invalid ID” (spec).
    bad_requisition_id_is_not_found: false,
    /// `gocardless` §5 `[?]`: `ref` joins a redirect's own query with `&`; otherwise with a second `?`.
    ref_joins_query_with_ampersand: true,
    /// `gocardless` §5: an account keeps its id when it is linked again (recorded); otherwise it gets a new one (help centre).
    account_ids_survive_relink: true,
    /// `gocardless` §6.1: a metadata call for an unknown account names no id (live); otherwise it does (spec).
    unknown_account_metadata_names_no_id: true,
    /// `gocardless` §6.4 `[?]`: rows of `date_to` itself are included.
    date_to_is_inclusive: true,
    /// `gocardless` §6.4 `[?]`: rows older than the agreement's history are left out; otherwise the bank sends all it has.
    history_ends_at_agreement: true,
    /// `gocardless` §6.4: `internalTransactionId` stays when an account is linked again; field tests say it may change.
    internal_ids_survive_relink: true,
    /// `gocardless` §7: the daily limit is answered as the institution's own (`RateLimitError`); otherwise as the provider's.
    daily_limit_is_the_institutions: false,
    /// `gocardless` §7: the institution's limit answer carries `status_code`.
    institution_limit_has_status_code: true,
    /// `gocardless` §14 `[?]`: closed and forbidden accounts and banks out of reach count towards suspension.
    open_failures_count_to_suspension: false,
    /// `gocardless` §8: the account's limit headers stand on its 429 too, where two clients look for them.
    account_limit_headers_on_429: false,
    /// `gocardless` §8 `[?]`: the daily window starts at its first call and ends after 24 hours; otherwise each call leaves by itself.
    daily_window_is_fixed: true,
    /// `gocardless` §8 `[?]`: the provider's sandbox bank has the daily limit too.
    sandbox_bank_has_daily_limit: true,
    /// `gocardless` §9: the sandbox bank's account numbers are new with each consent (since 2024); otherwise fixed (until 2023).
    sandbox_bank_numbers_change: true,
    /// `finapi` §5: instants of the web form end with the letter of their format; otherwise with an offset.
    finapi_form_times_end_with_z: false,
    /// `finapi` §6, §15 `[?]`: updates take one id, as in 2024; otherwise also a list of ids.
    finapi_updates_take_one_id_only: false,
    /// `pluggy` §1 `[?]`: an empty list has no pages; otherwise one.
    pluggy_empty_lists_have_no_pages: true,
    /// `pluggy` §1 `[?]`: the headers of a limit stand on every answer that counts; otherwise on refusals only.
    pluggy_limit_headers_are_on_every_answer: false,
    /// `pluggy` §1: `Retry-After` always says a minute, as one source has it; otherwise what is left of it.
    pluggy_retry_after_is_a_minute: true,
    /// `pluggy` §1 `[?]`: version 2 of the transactions counts as version 1 does; otherwise it has no limit.
    pluggy_version_2_is_limited: true,
    /// `pluggy` §13: a missing, wrong or old key is forbidden; otherwise unauthorized, as one client has it.
    pluggy_bad_key_is_forbidden: false,
    /// `pluggy` §1 `[?]`: a client whose keys are switched off is forbidden; otherwise unauthorized.
    pluggy_disabled_client_is_forbidden: false,
    /// `pluggy` §0.7: this client may list its items, which is opt-in and paid for.
    pluggy_items_can_be_listed: false,
    /// `pluggy` §0.8 `[?]`: what a plan does not allow is forbidden; otherwise a bad request.
    pluggy_plan_refusals_are_forbidden: true,
    /// `pluggy` §1, §4 `[?]`: what belongs to another client is forbidden; otherwise not found.
    pluggy_foreign_item_is_forbidden: false,
    /// `pluggy` §4 `[?]`: an item whose consent is over has a login error; otherwise it is outdated.
    pluggy_ended_consent_is_login_error: false,
    /// `pluggy` §4: sandbox items that no client has touched for thirty days are deleted.
    pluggy_untouched_sandbox_items_are_deleted: true,
    /// `pluggy` §5 `[?]`: `balance` contains what the bank invests by itself; otherwise that is a pot beside it.
    pluggy_balance_contains_what_is_invested: false,
    /// `pluggy` §0.1: version 1 of the transactions still answers this client; otherwise it is gone.
    pluggy_version_1_still_answers: false,
    /// `pluggy` §6 `[?]`: transactions are listed from the newest on; otherwise from the oldest.
    pluggy_transactions_are_newest_first: true,
    /// `pluggy` §6: the days of bills are instants with a zone; otherwise they have none.
    pluggy_bill_days_have_a_zone: false,
    /// `enablebanking` §5: amounts have a sign beside the indicator at every bank, which some send; otherwise at those alone.
    enablebanking_amounts_are_signed: false,
    /// `enablebanking` §5: the last page has an empty key; otherwise it has none.
    enablebanking_last_key_is_null: false,
    /// `enablebanking` §5: the longest time begins no earlier than `date_from`; otherwise all that there is comes.
    enablebanking_longest_keeps_to_date_from: true,
    /// `enablebanking` §6 `[?]`: a session that is over is answered with 401; otherwise with 422.
    enablebanking_session_errors_are_unauthorized: true,
    /// `enablebanking` §5: ids for details are the same in every session; otherwise each session has its own.
    enablebanking_transaction_ids_survive_sessions: true,
    /// `simplefin` §2: pending rows are left out for `pending=0` too; otherwise any value of it asks for them, as the Bridge has it.
    simplefin_pending_zero_leaves_out: false,
    /// `simplefin` §2: without `version=2` a server answers in the shape of version 1; otherwise always in that of version 2.
    simplefin_version_is_asked_for: true,
    /// `simplefin` §2: a server of version 1, which knows no parameter `version` and no other shape.
    simplefin_knows_version_1_only: false,
    /// `simplefin` §3: errors of version 2 have their text under `message`, as one sample writes it; otherwise under `msg`.
    simplefin_errors_say_message: false,
    /// `simplefin` §5 `[?]`: an answer covers no more than 45 days; otherwise no more than 90.
    simplefin_range_is_45_days: false,
    /// `simplefin` §5: the 25th request of a day is refused; otherwise the 97th.
    simplefin_day_has_no_leeway: false,
    /// `simplefin` §6: pending rows have a zero for the day of posting; otherwise the moment of the payment, and a flag alone.
    simplefin_pending_is_posted_at_zero: true,
    /// `simplefin` §6: a row keeps its id when it is posted; it usually gets another one.
    simplefin_ids_survive_posting: false,
    /// `sophtron` §0.10 `[?]`: the captcha is also answered under the samples' name, `UpdateJobCaptcha`; otherwise under the help's only.
    sophtron_captcha_alias_exists: true,
    /// `sophtron` §0.8: versions 2 and 3 have keys that begin with a small letter, as one consumer's fixtures do.
    sophtron_rest_keys_are_camel_case: false,
    /// `sophtron` §1 `[?]`: the free tier's 10 000 requests a month are counted, then 429.
    sophtron_month_is_limited: false,
    /// `sophtron` §2 `[?]`: the bar between job types may be signed as it is where the address has it escaped.
    sophtron_bar_may_be_signed_raw: true,
    /// `sophtron` §2 `[?]`: the signed path must be the end of the address; otherwise only its signature is looked at.
    sophtron_signed_path_is_checked: true,
    /// `sophtron` §2: the health check says `OK`; otherwise it says nothing.
    sophtron_health_check_says_ok: true,
    /// `sophtron` §3 `[?]`: `CreateUserInstitution` reads rows too; otherwise only accounts, and rows come with the first refresh.
    sophtron_plain_create_reads_rows: false,
    /// `sophtron` §3 `[?]`: every refresh reads the whole history; otherwise only those that ask for it, and others 90 days.
    sophtron_refresh_has_full_history: true,
    /// `sophtron` §3 `[?]`: rows are listed from the newest to the oldest; otherwise the other way round.
    sophtron_rows_are_newest_first: true,
    /// `sophtron` §3 `[?]`: deleting a login says 0 or -1; otherwise nothing where it worked, and 404 where it did not.
    sophtron_delete_says_a_number: true,
    /// `sophtron` §3 `[?]`: version 1 answers `null` for an id that it does not know; otherwise 404.
    sophtron_unknown_ids_are_null: false,
    /// `sophtron` §4: a customer that was made is shown; otherwise the answer is empty and the list has to be read again.
    sophtron_new_customer_is_shown: true,
    /// `sophtron` §4 `[?]`: transactions of version 2 want both dates; otherwise a missing one means no bound.
    sophtron_rest_dates_are_required: true,
    /// `sophtron` §5 `[?]`: the status of an account is the number 0 or 1; otherwise `Tracked` or `Untracked`.
    sophtron_account_status_is_a_number: false,
    /// `sophtron` §5 `[?]`: a row keeps its id when it posts, at banks that are not known for one or the other.
    sophtron_transaction_ids_survive_posting: true,
    /// `sophtron` §6 `[?]`: an answered prompt is shown once more before it is processed; otherwise it is gone at once.
    sophtron_prompts_stay_until_processed: true,
    /// `sophtron` §6 `[?]`: prompts stay visible even after they were processed, beside what was answered.
    sophtron_processed_prompts_stay: false,
    /// `sophtron` §6 `[?]`: a refused job says `Completed` with its flag at false; otherwise `Failed`.
    sophtron_refused_jobs_say_completed: true,
    /// `sophtron` §6: a job says `Completed` once before its flag says that it has worked; otherwise both come together.
    sophtron_flag_comes_after_completed: false,
    /// `sophtron` §8 `[?]`: refusals are JSON with a `Message`; otherwise plain text.
    sophtron_errors_are_json: true,
}

impl Switches {
    /// The switches of one provider, by its id: its own begin with that. Those of the first one have no such beginning.
    pub fn names_of(provider_id: &str) -> impl Iterator<Item = &'static str> {
        let owner = |name: &str| {
            let own = provider::ALL.iter().map(|provider| provider.id).find(|id| is_of(name, id));
            own.unwrap_or(provider::ALL[0].id)
        };
        Self::NAMES.iter().copied().filter(move |name| owner(name) == provider_id)
    }
}

fn is_of(name: &str, provider_id: &str) -> bool {
    name.strip_prefix(provider_id).is_some_and(|rest| rest.starts_with('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_switch_turns_and_turns_back() {
        for name in Switches::NAMES {
            let turned = Switches::default().turned(name).unwrap();
            assert_ne!(turned, Switches::default(), "{name}");
            assert_eq!(turned.turned(name), Some(Switches::default()), "{name}");
        }
        assert_eq!(Switches::default().turned("nothing"), None);
    }

    #[test]
    fn switches_can_be_written_down() {
        let one: Switches = serde_json::from_str(r#"{"bad_country_is_keyed":true}"#).unwrap();
        assert_eq!(Some(one), Switches::default().turned("bad_country_is_keyed"));
        assert!(serde_json::from_str::<Switches>(r#"{"bad_county":true}"#).is_err());
    }
}
