import type { Level } from '../types.ts'

/**
 * The RPC that a Worker bound by `authentication.delegate` answers: `authenticate(request)`. Written down
 * for its authors in docs/delegated-login.md.
 */
export type LoginService = {
  readonly authenticate: (request: LoginRequest) => Promise<LoginAnswer>
}

/** One step of a sign-in. */
export type LoginRequest = {
  readonly version: 1
  readonly issuer: string
  /** `GET`: a page is opened, or opened again; `POST`: the person pressed a button. */
  readonly method: 'GET' | 'POST'
  /** What the person entered; `action` is the button. Nothing of it was checked. */
  readonly form: Readonly<Record<string, string>>
  /** What the last answer of this sign-in asked to be told again. It was sealed meanwhile. */
  readonly state?: string
  /** Languages in order of preference; the page around is in the first. */
  readonly locales: readonly string[]
  /** Who asks; absent when the person opens their account page. */
  readonly client?: { readonly name: string; readonly host: string }
  readonly need: {
    /** Less is refused. */
    readonly required: Level
    readonly wanted: Level
    /** Seconds: what was shown before does not count. */
    readonly fresh_after?: number
  }
  readonly login_hint?: string
  /** Names this browser, to you only; the same until it is closed. */
  readonly browser: string
  /** The address the person comes from, for throttling. */
  readonly address?: string
  /** Seconds: this server's clock. */
  readonly now: number
}

export const fieldTypes = ['text', 'password', 'email', 'tel'] as const
export const inputModes = ['text', 'numeric', 'email', 'tel'] as const

export type LoginField = {
  readonly name: string
  readonly label: string
  readonly type: (typeof fieldTypes)[number]
  readonly hint?: string
  readonly value?: string
  readonly autocomplete?: string
  readonly inputmode?: (typeof inputModes)[number]
  readonly required?: boolean
}

/** A page in words; how it looks is this server's. Every text is shown as text. */
export type LoginPageAnswer = {
  readonly status: 'page'
  readonly title?: string
  readonly message?: string
  /** What went wrong with the last step. */
  readonly problem?: string
  readonly fields?: readonly LoginField[]
  /** The first is the main one. This server adds the button that cancels. */
  readonly buttons?: readonly { readonly value: string; readonly label: string }[]
  /** Seconds until the page asks again by itself, e.g. while an app confirms. */
  readonly refresh?: number
  readonly state?: string
}

export type LoginAnswer =
  | LoginPageAnswer
  | {
      readonly status: 'authenticated'
      /** Your unchanging name of the person. Clients never learn it. */
      readonly subject: string
      readonly level: Level
      /** RFC 8176. */
      readonly amr: readonly string[]
      /** Seconds: when the oldest of what was counted was shown. */
      readonly auth_time: number
      /** Standard claims of OpenID Connect; they take the place of earlier ones. */
      readonly claims?: Readonly<Record<string, unknown>>
      /** What the person is called on this server's pages. */
      readonly username?: string
    }
  | { readonly status: 'cancelled' }
  /** `reason` is for the log. */
  | { readonly status: 'failed'; readonly reason: string }
