/** The words for what the Gemini API has refused. */

/**
 * They stand in logs, metrics and the reasons of rests, and in the record where a key is disabled. Alarms and dashboards
 * are built on them, so a word that was published stays, and means what it meant. `docs/pools.md` says what each does.
 */
export type RefusalKind =
  // The key
  | 'key_invalid'
  | 'key_unauthenticated'
  | 'key_leaked'
  | 'key_restricted'
  // The project
  | 'project_service_disabled'
  | 'project_suspended'
  | 'project_unpaid'
  | 'project_needs_billing'
  // What the project may use of a model
  | 'model_not_in_tier'
  | 'quota_day'
  | 'quota_minute'
  | 'quota_long'
  | 'quota_unexplained'
  // The model, or what stands before it
  | 'capacity'
  | 'overloaded'
  | 'upstream_deadline'
  | 'internal'
  | 'front_end'
  // The request, or where it came from
  | 'two_credentials'
  | 'method_not_for_keys'
  | 'resource_of_another_project'
  | 'address_blocked'
  | 'location_unsupported'
  | 'file_not_active'
  | 'thought_signature'
  | 'cancelled'
  | 'refused';
