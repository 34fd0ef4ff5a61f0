import type { Json } from '../evidence/canonical.ts'

/** One thing a client asks for, of a type this issuer knows (RFC 9396 2). */
export type AuthorizationDetail = { readonly type: string; readonly [member: string]: Json }

/** The types an issuer knows, by name. */
export type DetailTypes = Readonly<Record<string, object>>
