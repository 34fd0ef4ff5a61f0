/**
 * Every address that takes a form from a person and reads what it is sent. Not `/account/sign-out`: of
 * somebody without a session it reads nothing and says that they are signed out.
 */
export const peopleForms = [
  '/authorize', '/login', '/login/code', '/login/passkey', '/consent', '/logout', '/setup', '/setup/finish',
  '/account/permissions', '/account/sessions', '/account/code',
  '/account/recovery-codes', '/account/password', '/account/passkeys',
] as const // prettier-ignore
