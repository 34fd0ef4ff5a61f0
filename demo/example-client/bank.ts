import type { webcrypto } from 'node:crypto'
import * as client from 'openid-client'
import type { Account, Claims, Connection, Session, Statement, Step, StepUp } from './session.ts'
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

const scope = 'openid profile accounts'

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
  async function configure(steps: Step[]): Promise<client.Configuration> {
    const key = await crypto.subtle.importKey(
      'jwk',
      { ...settings.jwk } as unknown as webcrypto.JsonWebKey & { readonly kty: string },
      { name: 'ECDSA', namedCurve: 'P-256' },
      false,
      ['sign'],
    )
    const { kid } = settings.jwk
    return client.discovery(
      new URL(issuer),
      settings.clientId,
      { id_token_signed_response_alg: 'ES256' },
      client.PrivateKeyJwt(kid === undefined ? key : { key, kid }),
      {
        // The ID token's signature is checked too, against the bank's published keys.
        execute: [...insecure, client.enableNonRepudiationChecks],
        [client.customFetch]: telling(settings.fetch, steps),
      },
    )
  }

  return {
    /** Discovers the bank and makes the keys of a new session. */
    async meet(): Promise<Omit<Session, 'id'>> {
      const steps: Step[] = []
      const config = await configure(steps)
      const dpop = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
      return { config, dpop, steps }
    },

    /**
     * Pushes the request; the browser gets nothing but a reference to it (RFC 9126). `stepUp`: how the
     * person must sign in for the statement of an account.
     */
    async authorizationUrl(
      session: Session,
      wanted: { readonly statementOf?: string; readonly stepUp?: StepUp } = {},
    ): Promise<URL> {
      const { statementOf, stepUp } = wanted
      const pending = {
        ...(statementOf === undefined ? {} : { statementOf }),
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
      }
      session.pending = pending
      const parameters = {
        redirect_uri: redirectUri,
        scope,
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
        code_challenge_method: 'S256',
        ...(stepUp?.acrValues === undefined ? {} : { acr_values: stepUp.acrValues }),
        ...(stepUp?.maxAge === undefined ? {} : { max_age: stepUp.maxAge }),
      }
      const url = await client.buildAuthorizationUrlWithPAR(session.config, parameters, {
        DPoP: session.dpop,
      })
      session.steps.push({
        title: `GET ${url.pathname}`,
        detail: `in the browser, with nothing but ${[...url.searchParams.keys()].join(' and ')}`,
      })
      return url
    },

    /** Checks the answer (`iss`, `state`) and redeems the code. What was pending is used up first. */
    async connect(session: Session, answer: URL): Promise<Connection> {
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
          expectedNonce: pending.nonce,
          idTokenExpected: true,
        },
        undefined,
        { DPoP: session.dpop },
      )
      const idClaims: Claims = { ...tokens.claims() }
      return {
        ...(await look(session, tokens.access_token, session.dpop)),
        personName: await askName(session, tokens.access_token, word(idClaims['sub'])),
        refreshToken: tokens.refresh_token,
        idClaims,
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
    async disconnect({ config }: Session, { refreshToken }: Connection): Promise<void> {
      if (refreshToken !== undefined) await client.tokenRevocation(config, refreshToken)
    },
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

/** An answer nobody here asked for, or asked for already. */
export class UnexpectedAnswer extends Error {}

export class RefusedByApi extends Error {
  readonly status: number
  constructor(status: number) {
    super(`the API answered ${status}`)
    this.status = status
  }
}

/** The bank gives this only after a stronger or a more recent sign-in (RFC 9470 4). */
export class StepUpNeeded extends Error {
  readonly stepUp: StepUp
  constructor(stepUp: StepUp) {
    super('another sign-in is needed')
    this.stepUp = stepUp
  }
}

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

const isRecord = (value: unknown): value is Claims =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const word = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : ''

/** Takes the accounts from the API's answer; what is not as expected is shown as missing, not guessed. */
function readAccounts(body: unknown): readonly Account[] {
  const list = isRecord(body) ? body['accounts'] : body
  if (!Array.isArray(list)) return []
  return list.filter(isRecord).map((account) => {
    const balance = account['balance']
    const amount = isRecord(balance) ? balance['amount'] : balance
    const currency = isRecord(balance) ? balance['currency'] : account['currency']
    return {
      id: word(account['id']),
      name: word(account['name']) || 'Account',
      number: word(account['iban'] ?? account['number'] ?? account['id']),
      balance: money(amount, word(currency)),
    }
  })
}

function readTransactions(body: unknown): Statement['transactions'] {
  const list = isRecord(body) ? body['transactions'] : undefined
  if (!Array.isArray(list)) return []
  return list.filter(isRecord).map(({ date, text, amount, currency }) => {
    return { date: word(date), text: word(text), amount: money(amount, word(currency)) }
  })
}

function money(amount: unknown, currency: string): string {
  const value = Number(amount)
  if (word(amount) === '' || !Number.isFinite(value)) return '–'
  if (!/^[A-Z]{3}$/.test(currency)) return value.toFixed(2)
  return new Intl.NumberFormat('en-GB', { style: 'currency', currency }).format(value)
}

/** An access token is not for this application to understand; it is opened here to be looked at. */
function readClaims(token: string): Claims {
  try {
    const claims: unknown = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'),
    )
    return isRecord(claims) ? claims : {}
  } catch {
    return {}
  }
}
