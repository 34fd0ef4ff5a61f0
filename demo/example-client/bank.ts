import type { webcrypto } from 'node:crypto'
import * as client from 'openid-client'
import { RefusedByApi, StepUpNeeded, UnexpectedAnswer } from './errors.ts'
import { askPayment } from './payments.ts'
import { readAccounts, readClaims, readTransactions, word } from './read.ts'
import type {
  Claims,
  Connection,
  PaymentOrder,
  Pending,
  Receipt,
  Session,
  Statement,
  Step,
  StepUp,
} from './session.ts'
import type { Fetch } from '../../cli/fetch-with-ca.ts'

/** How this application reaches the bank and who it is there. */
export type BankSettings = {
  readonly issuer: string
  readonly api: string
  readonly clientId: string
  /** The private key registered for `private_key_jwt`, ES256. */
  readonly jwk: Readonly<Record<string, unknown>> & { readonly kid?: string }
  readonly redirectUri: string
  readonly fetch: Fetch
}

/** What the person is asked for. */
export type Wanted = {
  /** They choose the accounts, instead of sharing all of them. */
  readonly chosen?: boolean
  /** They are stepped up for this account's statement. */
  readonly statementOf?: string
  readonly stepUp?: StepUp
  /** One payment and nothing else. */
  readonly payment?: PaymentOrder
}

/** A scope is all or nothing; authorization details say what exactly (RFC 9396). */
function askFor({ chosen, payment }: Wanted): Readonly<Record<string, string>> {
  const actions = ['list_accounts', 'read_balances', 'read_transactions']
  const detail =
    payment === undefined
      ? { type: 'account_information', actions }
      : { type: 'payment_initiation', ...payment }
  if (payment === undefined && chosen !== true) return { scope: 'openid profile accounts' }
  const authorization_details = JSON.stringify([detail])
  return payment === undefined
    ? { scope: 'openid profile', authorization_details }
    : { authorization_details }
}

/**
 * Everything this application says to the bank, with the stock `openid-client`: it knows no more of
 * the bank than its address and what the bank publishes.
 */
export function createBank(settings: BankSettings) {
  const { issuer, api, redirectUri } = settings
  const accountsUrl = new URL(`${api.replace(/\/$/, '')}/accounts`)
  const statementUrl = (accountId: string) =>
    new URL(`${accountsUrl.href}/${encodeURIComponent(accountId)}/transactions`)
  // Plain http is for a bank on this very machine.
  const insecure = new URL(issuer).protocol === 'http:' ? [client.allowInsecureRequests] : []

  /** A configuration of its own per session, so that the steps told are that session's. */
  async function configure(steps: Step[]): Promise<Pick<Session, 'config' | 'signsWith'>> {
    const key = await crypto.subtle.importKey(
      'jwk',
      { ...settings.jwk } as unknown as webcrypto.JsonWebKey & { readonly kty: string },
      { name: 'ECDSA', namedCurve: 'P-256' },
      false,
      ['sign'],
    )
    const { kid } = settings.jwk
    const own = kid === undefined ? key : { key, kid }
    const config = await client.discovery(
      new URL(issuer),
      settings.clientId,
      { id_token_signed_response_alg: 'ES256' },
      client.PrivateKeyJwt(own),
      {
        // The ID token's signature is checked too, against the bank's published keys.
        execute: [...insecure, client.enableNonRepudiationChecks],
        [client.customFetch]: telling(settings.fetch, steps),
      },
    )
    // FAPI 2.0 Message Signing: where the bank wants requests signed, it signs its answers as well.
    if (config.serverMetadata().require_signed_request_object !== true) return { config }
    client.useJwtResponseMode(config)
    return { config, signsWith: own }
  }

  /** Pushes a request, signed where the bank wants it so (RFC 9101). */
  async function push(
    { config, dpop, signsWith }: Session,
    parameters: Readonly<Record<string, string>>,
  ): Promise<URL> {
    if (signsWith === undefined) {
      return client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP: dpop })
    }
    const asked = { ...parameters, response_mode: 'jwt' }
    const signed = await client.buildAuthorizationUrlWithJAR(config, asked, signsWith)
    return client.buildAuthorizationUrlWithPAR(config, signed.searchParams, { DPoP: dpop })
  }

  return {
    /** Discovers the bank and makes the keys of a new session. */
    async meet(): Promise<Omit<Session, 'id'>> {
      const steps: Step[] = []
      const configured = await configure(steps)
      const pair = await client.randomDPoPKeyPair('ES256')
      return { ...configured, dpop: client.getDPoPHandle(configured.config, pair), steps }
    },

    /** Pushes the request; the browser gets nothing but a reference to it (RFC 9126). */
    async authorizationUrl(session: Session, wanted: Wanted = {}): Promise<URL> {
      const { statementOf, stepUp, payment } = wanted
      const pending: Pending = {
        ...(statementOf === undefined ? {} : { statementOf }),
        ...(payment === undefined ? {} : { payment }),
        chosen: wanted.chosen === true,
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
      }
      session.pending = pending
      const parameters = {
        redirect_uri: redirectUri,
        ...askFor(wanted),
        state: pending.state,
        ...(payment === undefined ? { nonce: pending.nonce } : {}),
        code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
        code_challenge_method: 'S256',
        ...(stepUp?.acrValues === undefined ? {} : { acr_values: stepUp.acrValues }),
        ...(stepUp?.maxAge === undefined ? {} : { max_age: stepUp.maxAge }),
      }
      const url = await push(session, parameters)
      session.steps.push({
        title: `GET ${url.pathname}`,
        detail: `in the browser, with nothing but ${[...url.searchParams.keys()].join(' and ')}`,
      })
      return url
    },

    /** Redeems the code of an answer and looks at the accounts. */
    async connect(session: Session, answer: URL): Promise<Connection> {
      const { tokens, pending } = await redeem(session, answer)
      const idClaims: Claims = { ...tokens.claims() }
      return {
        ...(await look(session, tokens.access_token, session.dpop)),
        personName: await askName(session, tokens.access_token, word(idClaims['sub'])),
        refreshToken: tokens.refresh_token,
        idClaims,
        chosen: pending.chosen,
      }
    },

    /** Redeems the code of an answer and makes the one payment that it is for. */
    async pay(session: Session, answer: URL): Promise<Receipt> {
      const { tokens, pending } = await redeem(session, answer)
      if (pending.payment === undefined) throw new UnexpectedAnswer()
      try {
        return await askPayment(session, {
          url: new URL(`${api.replace(/\/$/, '')}/payments`),
          accessToken: tokens.access_token,
          order: pending.payment,
        })
      } finally {
        // Whatever came of it, nothing else is done with this permission.
        await end(session, tokens.refresh_token).catch(() => undefined)
      }
    },

    /** What happened on an account. Throws `StepUpNeeded` when the bank wants another sign-in first. */
    async statement(
      session: Session,
      { accessToken, dpop }: Connection,
      accountId: string,
    ): Promise<Statement> {
      const url = statementUrl(accountId)
      const { config } = session
      const response = await client
        .fetchProtectedResource(config, accessToken, url, 'GET', undefined, undefined, {
          DPoP: dpop,
        })
        .catch((error: unknown) => {
          throw stepUpIn(error) ?? error
        })
      if (!response.ok) throw new RefusedByApi(response.status)
      return { accountId, transactions: readTransactions(await response.json()) }
    },

    /** Gets a new access token, bound to a new key: the refresh token is bound to this client only. */
    async refresh(session: Session, connection: Connection): Promise<Connection> {
      if (connection.refreshToken === undefined) throw new UnexpectedAnswer()
      const { config } = session
      const dpop = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
      const tokens = await client.refreshTokenGrant(config, connection.refreshToken, undefined, {
        DPoP: dpop,
      })
      return {
        ...connection,
        ...(await look(session, tokens.access_token, dpop)),
        refreshToken: tokens.refresh_token ?? connection.refreshToken,
      }
    },

    /** Ends the refresh token, and with it the grant's access tokens. */
    disconnect: (session: Session, { refreshToken }: Connection) => end(session, refreshToken),
  }

  async function end({ config }: Session, refreshToken: string | undefined): Promise<void> {
    if (refreshToken !== undefined) await client.tokenRevocation(config, refreshToken)
  }

  /** Checks the answer (`iss`, `state`) and redeems the code. What was pending is used up first. */
  async function redeem(session: Session, answer: URL) {
    const { pending } = session
    if (pending === undefined) throw new UnexpectedAnswer()
    delete session.pending
    session.steps.push({
      title: `GET ${answer.pathname}`,
      detail: `back in the browser, with ${[...answer.searchParams.keys()].join(', ')}`,
    })
    const tokens = await client.authorizationCodeGrant(
      session.config,
      answer,
      {
        pkceCodeVerifier: pending.verifier,
        expectedState: pending.state,
        // Who pays is not ours to know: a payment asks for no ID token.
        ...(pending.payment === undefined
          ? { expectedNonce: pending.nonce, idTokenExpected: true }
          : {}),
      },
      undefined,
      { DPoP: session.dpop },
    )
    return { tokens, pending }
  }

  /** A greeting is worth a question, but not a failure. */
  async function askName({ config, dpop }: Session, accessToken: string, subject: string) {
    const person = await client
      .fetchUserInfo(config, accessToken, subject, { DPoP: dpop })
      .catch(() => undefined)
    return person?.given_name ?? person?.name ?? person?.preferred_username
  }

  async function look({ config }: Session, accessToken: string, dpop: client.DPoPHandle) {
    const response = await client.fetchProtectedResource(
      config,
      accessToken,
      accountsUrl,
      'GET',
      undefined,
      undefined,
      { DPoP: dpop },
    )
    if (!response.ok) throw new RefusedByApi(response.status)
    return {
      accessToken,
      dpop,
      jkt: await dpop.calculateThumbprint(),
      accounts: readAccounts(await response.json()),
      accessClaims: readClaims(accessToken),
      fetchedAt: new Date(),
    }
  }
}

export type Bank = ReturnType<typeof createBank>

function stepUpIn(error: unknown): StepUpNeeded | undefined {
  if (!(error instanceof client.WWWAuthenticateChallengeError)) return undefined
  for (const { parameters } of error.cause) {
    if (parameters.error !== 'insufficient_user_authentication') continue
    const { acr_values: acrValues, max_age: maxAge } = parameters
    return new StepUpNeeded({
      ...(acrValues === undefined ? {} : { acrValues }),
      ...(maxAge === undefined ? {} : { maxAge }),
    })
  }
  return undefined
}

/** Tells each exchange with the bank: where to, what came back, no secrets. */
function telling(fetch: Fetch, steps: Step[]): client.CustomFetch {
  return async (url, options) => {
    const { method } = options
    const response = await fetch(url, options)
    const { pathname, host } = new URL(url)
    const proof = new Headers(options.headers).has('dpop') ? ' with a DPoP proof' : ''
    const grant =
      options.body instanceof URLSearchParams ? options.body.get('grant_type') : undefined
    const nonce =
      (response.status === 400 || response.status === 401) && response.headers.has('dpop-nonce')
    steps.push({
      title: `${method} ${pathname}`,
      detail: `${grant ? `${grant}, ` : ''}to ${host}${proof}: ${response.status}${
        nonce ? ', asking for its nonce' : ''
      }`,
    })
    return response
  }
}
