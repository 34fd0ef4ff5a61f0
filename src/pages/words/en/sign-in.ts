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
}
