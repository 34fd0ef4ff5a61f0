/**
 * What a chain records. The members of each are described in docs/evidence.md, for whoever has to read
 * one later.
 */
export const entryKinds = {
  older: 'The grant is older than its chain.',
  request: 'A client pushed an authorization request.',
  authentication: 'A person was authenticated.',
  consent: 'A page asked the person.',
  answer: 'The person answered.',
  response: 'The authorization response was authorised for release.',
  change: 'An update was claimed: the grant became what the entry says.',
  token: 'An access token was authorised for release.',
  withheld: 'The token named was not released after all.',
  revocation: 'The grant, a refresh token or an access token was ended.',
  erasure: 'What was kept apart was erased.',
} as const satisfies Readonly<Record<string, string>>

export type EntryKind = keyof typeof entryKinds
