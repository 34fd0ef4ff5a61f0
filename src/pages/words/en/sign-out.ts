import type { Child } from 'hono/jsx'
import { say } from '../say.ts'

export const signOut = {
  asks: {
    title: 'Do you want to sign out?',
    lead: 'An application asked us to sign you out in this browser.',
  },
  out: {
    title: 'You are signed out here',
    lead: 'Nobody is signed in to us in this browser. Permissions you gave stay as they are.',
  },
  stays: {
    title: 'You are still signed in',
    lead: 'Nothing was changed.',
  },
  signedInAs: (person: Child) => say`You are signed in as ${person}.`,
  askedBy: (client: Child) => say`Afterwards you return to ${client}.`,
  yes: 'Sign out',
  no: 'Stay signed in',
  signInAgain: 'Sign in again',
  toAccount: 'To your account',
}
