/**
 * Every event this server knows, with what its record carries. Data for types, the schema and the
 * documents: production imports nothing but the types.
 */

export type Field = {
  readonly type: 'string' | 'number' | 'boolean'
  readonly meaning: string
  /** The closed list of values. */
  readonly values?: readonly string[]
  /** A regular expression the whole value matches. */
  readonly pattern?: string
  readonly optional?: true
}

export type EventEntry = {
  readonly when: string
  readonly fields: Readonly<Record<string, Field>>
}

const objectId = '[0-9a-f]{64}'
/** Ids of clients are chosen by operators, within this form. */
const clientForm = '[A-Za-z0-9._~:-]{1,128}'
const account = { type: 'string', pattern: objectId, meaning: 'Id of the account.' } as const
const grant = { type: 'string', pattern: objectId, meaning: 'Id of the grant.' } as const
const client = { type: 'string', pattern: clientForm, meaning: 'Id of the client.' } as const
const reason = { type: 'string', meaning: 'Why, in words of the code.' } as const
const maybe = <const F extends Field>(field: F) => ({ ...field, optional: true }) as const

const change = {
  type: 'string',
  values: [
    'set-code', 'remove-code', 'set-recovery', 'set-password', 'add-passkey', 'rename-passkey',
    'remove-passkey', 'end-session', 'end-other-sessions',
  ],
  meaning: 'What was to be changed.',
} as const // prettier-ignore
const by = {
  type: 'string',
  values: ['session', 'setup'],
  meaning: 'A session of the owner, or a one-time link.',
} as const

/** What every refusal carries. */
const refusal = {
  code: { type: 'string', pattern: '[a-z_]{1,64}', meaning: 'The error code of the answer.' },
  description: maybe({ type: 'string', meaning: 'What the caller was told.' }),
  detail: maybe({ type: 'string', meaning: 'What the caller was not told.' }),
} as const

const key = {
  kid: { type: 'string', pattern: '[\\w-]{1,64}', meaning: 'Id of the key.' },
  ring: { type: 'string', pattern: '[A-Za-z0-9:-]{1,40}', meaning: 'Purpose, and algorithm where there are several.' },
} as const // prettier-ignore

export const catalogue = {
  'sign_in.succeeded': { when: 'A session was started or stepped up.', fields: { account } },
  'sign_in.refused': {
    when: 'A password, code or passkey was refused, or the account refused the session (`stale`, `spent`).',
    fields: { account: maybe(account), reason: maybe(reason) },
  },
  'sign_in.throttled': {
    when: 'An attempt has to wait, because too many failed before.',
    fields: {
      method: {
        type: 'string',
        values: ['password', 'code', 'passkey', 'change-password'],
        meaning: 'What was tried.',
      },
      seconds: { type: 'number', meaning: 'How long the wait is.' },
    },
  },
  'factor.unreadable': {
    when: 'The secret of a one-time code does not open: its master secret is gone.',
    fields: { account },
  },
  'account.changed': { when: 'Its owner changed it.', fields: { account, change, by } },
  'account.change_refused': {
    when: 'The account refused such a change.',
    fields: { account, change, by, reason },
  },
  'account.reset': {
    when: 'An operator took every factor away and made a link.',
    fields: { account },
  },
  'setup.link_made': { when: 'An operator made a one-time link.', fields: { account } },
  'setup.begun': { when: 'A link was used.', fields: { account } },
  'setup.finished': { when: 'The set-up was ended.', fields: { account } },
  'session.ended': { when: 'A person signed out.', fields: { account } },
  'permission.ended': {
    when: 'Its owner took a permission back.',
    fields: {
      account,
      grant,
      outcome: {
        type: 'string',
        values: ['ended', 'ending'],
        meaning: 'Ended, or promised to end in a moment.',
      },
    },
  },
  'consent.shown': {
    when: 'A person was shown what an application asks.',
    fields: { client_id: client, account, grant: { ...grant, meaning: 'Id the grant will have.' } },
  },
  'consent.approved': { when: 'A person agreed.', fields: { client_id: client, grant } },
  'consent.denied': { when: 'A person declined.', fields: { client_id: client } },
  'consent.remembered': {
    when: 'A consent of before stood for a new one.',
    fields: { client_id: client },
  },
  'par.accepted': {
    when: 'A request was pushed.',
    fields: {
      client_id: client,
      request: { type: 'string', pattern: objectId, meaning: 'Id of the request.' },
      signed: maybe({ type: 'boolean', meaning: 'It was signed by the client.' }),
    },
  },
  'token.issued': {
    when: 'An access token left.',
    fields: {
      client_id: client,
      grant_type: { type: 'string', meaning: 'For what it was exchanged.' },
      home: maybe({
        type: 'string',
        pattern: objectId,
        meaning: 'Id of the grant, or of the client’s object.',
      }),
      bound_to: {
        type: 'string',
        values: ['DPoP', 'Bearer'],
        meaning: 'The token type: DPoP, or Bearer with a certificate.',
      },
    },
  },
  'token.introspected': {
    when: 'A resource server asked about a token.',
    fields: {
      client_id: maybe({ ...client, meaning: 'Who asked over HTTP.' }),
      resource_server: maybe({ type: 'string', meaning: 'Who asked over a service binding.' }),
      active: { type: 'boolean', meaning: 'What was answered.' },
    },
  },
  'token.revoked': { when: 'A client gave a token back.', fields: { client_id: client } },
  'grant.revoked': { when: 'A client ended a grant.', fields: { client_id: client, grant } },
  'code.reused': {
    when: 'A code came a second time from its own client: all that came of it has ended.',
    fields: { client_id: client },
  },
  'assertion.replayed': { when: 'A client assertion came a second time.', fields: refusal },
  'proof.replayed': { when: 'A DPoP proof came a second time.', fields: refusal },
  'proof.refused': { when: 'A DPoP proof was not right.', fields: refusal },
  'nonce.refused': {
    when: 'A DPoP proof had no nonce or an old one; each client begins so.',
    fields: refusal,
  },
  'client.refused': { when: 'A client could not prove itself.', fields: refusal },
  'request_object.refused': { when: 'A signed request was not right.', fields: refusal },
  'grant.refused': { when: 'A code or refresh token was refused.', fields: refusal },
  'request.limited': { when: 'There were too many requests of one client.', fields: refusal },
  'access.refused': { when: 'A protected resource refused.', fields: refusal },
  'request.refused': { when: 'Any other answer was an error.', fields: refusal },
  'request.failed': { when: 'This server failed.', fields: { reason } },
  'admin.operation': {
    when: 'Anything through the admin API.',
    fields: {
      operator: { ...client, meaning: 'Id of the operator.' },
      operation: { type: 'string', meaning: 'Method and pattern of the address.' },
      target: maybe({ type: 'string', meaning: 'Id it was about; never a user name.' }),
      outcome: { type: 'string', meaning: 'Status or error code.' },
    },
  },
  'key.made': {
    when: 'A key was made, by an operator or by the clock.',
    fields: { ...key, active_from: { type: 'string', meaning: 'When it is used (RFC 3339).' } },
  },
  'key.moved': {
    when: 'A key is used at another time than was said before.',
    fields: { ...key, active_from: { type: 'string', meaning: 'When it is used (RFC 3339).' } },
  },
  'key.revoked': { when: 'An operator dropped a key.', fields: key },
  'key.retired': { when: 'A key was deleted because its time was over.', fields: key },
  'evidence.head_signed': {
    when: 'The evidence key signed how far a grant’s chain had come.',
    fields: {
      grant,
      n: { type: 'number', meaning: 'Number of the newest entry.' },
      reason: {
        type: 'string',
        values: ['export', 'anchoring', 'revocation'],
        meaning: 'Why it was signed.',
      },
    },
  },
  'evidence.withhold_failed': {
    when: 'A token that did not leave could not be taken back in the chain of its grant.',
    fields: { grant, reason },
  },
  'evidence.head_failed': {
    when: 'A head could not be signed, or not be laid outside; it is tried again.',
    fields: { grant, reason },
  },
  'logout.told': {
    when: 'A client was told of a session’s end.',
    fields: {
      client_id: client,
      status: { type: 'number', meaning: 'HTTP status of its answer.' },
    },
  },
  'logout.failed': {
    when: 'A client could not be told; it is tried again.',
    fields: { client_id: client, reason },
  },
  'logout.given_up': {
    when: 'Clients could not be told, and are not any more.',
    fields: { clients: { type: 'string', meaning: 'Ids, separated by spaces.' } },
  },
  'logout.hint_ignored': {
    when: 'Somebody signed out with an id_token_hint that was not right.',
    fields: { detail: maybe({ type: 'string', meaning: 'What was wrong.' }) },
  },
  'client.jwks_failed': { when: 'Keys of a client could not be fetched.', fields: { reason } },
  'client.jwks_refused': { when: 'Keys of a client are not acceptable.', fields: { reason } },
  'upstream.metadata_failed': {
    when: 'What another login says of itself could not be fetched.',
    fields: { reason },
  },
  'audit.failed': {
    when: 'Records could not be sent on; they are in the log. This one is in the log only.',
    fields: {
      sink: { type: 'string', values: ['queue', 'dataset'], meaning: 'Where they were to go.' },
      records: { type: 'number', meaning: 'How many.' },
      reason,
    },
  },
  'start.refused': {
    when: 'The settings contradict themselves.',
    fields: { problem: { type: 'string', meaning: 'One sentence.' } },
  },
  'start.notice': {
    when: 'The settings have a limit an operator should know.',
    fields: { notice: { type: 'string', meaning: 'One sentence.' } },
  },
} as const satisfies Readonly<Record<string, EventEntry>>

/** What every record carries beside its own fields. */
export const commonFields = {
  time: { type: 'string', pattern: '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z', meaning: 'When, in UTC (RFC 3339).' },
  event: { type: 'string', values: Object.keys(catalogue), meaning: 'The name of the event.' },
  severity_text: { type: 'string', values: ['INFO', 'WARN', 'ERROR'], meaning: 'How grave it is.' },
  severity_number: { type: 'number', meaning: 'The same by OpenTelemetry: 9, 13 or 17.' },
  issuer: maybe({ type: 'string', pattern: '[a-z0-9-]{1,32}', meaning: 'Id of the issuer; absent where there is none.' }),
  request_id: { type: 'string', pattern: '[A-Za-z0-9_-]{1,64}', meaning: 'The platform’s id of the request, or a random one; on error pages too.' },
  trace_id: { type: 'string', pattern: '[0-9a-f]{32}', meaning: 'The caller’s trace (W3C `traceparent`), or a random one.' },
  span_id: { type: 'string', pattern: '[0-9a-f]{16}', meaning: 'The caller’s span, or a random one.' },
  endpoint: maybe({ type: 'string', pattern: '/[a-z0-9/:*._-]*', meaning: 'Pattern of the address that was asked.' }),
  client_id: maybe({ ...client, meaning: 'The registered client the request is of; in `client.refused` the one it claims to be of.' }),
} as const satisfies Readonly<Record<string, Field>> // prettier-ignore

export type EventName = keyof typeof catalogue

type ValueOf<F extends Field> = F extends { readonly values: readonly (infer V)[] }
  ? V
  : { string: string; number: number; boolean: boolean }[F['type']]

type Given<Fields extends Readonly<Record<string, Field>>> = {
  readonly [
    N in keyof Fields as Fields[N] extends { readonly optional: true } ? never : N
  ]: ValueOf<Fields[N]>
} & {
  readonly [N in keyof Fields as Fields[N] extends { readonly optional: true } ? N : never]?:
    ValueOf<Fields[N]> | undefined
}

/** What an event must and may carry. */
export type FieldsOf<E extends EventName> = Given<(typeof catalogue)[E]['fields']>

/** Refusals that have a name of their own; all carry the same. */
export type RefusalEvent = {
  [E in EventName]: (typeof catalogue)[E]['fields'] extends typeof refusal ? E : never
}[EventName]
