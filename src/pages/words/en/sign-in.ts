import type { Child } from 'hono/jsx'
import { say } from '../say.ts'

export const signIn = {
  title: 'Sign in',
  continueTo: (client: Child) => say`to continue to ${client}`,
  username: 'User name',
  password: 'Password',
  submit: 'Sign in',
  cancel: 'Cancel',
  /** Unknown person and wrong password are the same sentence. */
  wrongCredentials: 'User name and password do not match. Check both and try again.',
  tooManyAttempts: (time: string) => `Too many attempts. Wait ${time}, then try again.`,
  passwordStays: (brand: Child, client: Child) =>
    say`Your password stays with ${brand}; ${client} never sees it.`,
  afterwards: (host: Child) => say`Afterwards you return to ${host}.`,
  toYourAccount: 'to see your account',
  continueAs: (person: Child) => say`Continue as ${person}`,
  orAnother: 'Or sign in as somebody else:',
  recover: 'Use a code instead',
  skip: 'Continue without it',
  usePasskey: (person: Child) => say`Confirm with your passkey that you are ${person}.`,
  unreachable: {
    secondFactor:
      'Your account has no second factor yet, and without one nobody signs in here. Ask us for a link to set one up.',
    passkey:
      'The application asks for a passkey, and your account has none. Add one on your account page, then start again there.',
  },
  code: {
    title: 'Enter your code',
    lead: (person: Child) => say`You are signing in as ${person}.`,
    label: 'One-time code',
    hint: 'The six digits your authenticator app shows now, or one of your recovery codes.',
    submit: 'Continue',
    /** A wrong code and a used one are the same sentence. */
    wrong: 'This code is not valid. Wait for the next one in your app and try again.',
  },
}
