import type { Child } from 'hono/jsx'
import { say } from '../say.ts'
import type { Around } from '../say.ts'

export const consent = {
  title: 'Your permission',
  asks: (client: Child) => say`${client} asks for your permission`,
  signedInAs: (person: Child) => say`Signed in as ${person}`,
  verified: (brand: Child) => say`Verified by ${brand}`,
  unverified: (brand: Child) => say`${brand} has not verified this application`,
  from: (host: Child) => say`from ${host}`,
  wants: 'What it wants to do',
  fresh: 'New',
  allowedBefore: (client: Child) =>
    say`You gave ${client} permission before. What it did not have then is marked as new.`,
  allowedSame: (client: Child) =>
    say`You gave ${client} permission before. It asks for nothing more than then.`,
  merges: (client: Child) =>
    say`This adds to a permission you gave ${client} before. What you allowed then stays.`,
  replaces: (client: Child) =>
    say`This takes the place of a permission you gave ${client} before. It will lose:`,
  replacesNothing: (client: Child) =>
    say`This takes the place of a permission you gave ${client} before.`,
  whereTo: 'Where the data goes',
  fromUs: (client: Child) => say`From us to ${client}.`,
  fromServices: (services: Child, client: Child) =>
    say`From ${services} to ${client}. What it then does with the data is up to its own terms.`,
  howLong: 'How long',
  once: (time: string) => `This once, for ${time} after you approve.`,
  until: (day: Child, client: Child) =>
    say`Until ${day}. In that time ${client} can fetch the data again by itself.`,
  untilWithin: (day: Child, client: Child) =>
    say`Until ${day}. In that time ${client} can come back to it by itself. It allows nothing beyond what stands above.`,
  untilEnded: (client: Child) =>
    say`Until you end it. In that time ${client} can fetch the data again by itself.`,
  changeOfMind: 'If you change your mind',
  endAnyTime: (account: Around) =>
    say`You can end this permission at any time on ${account('your account page')}.`,
  nothingLeft: 'Nothing is left to approve. Tick at least one thing, or deny.',
  choose: (question: string) => `Please make a choice that can be used: ${question}`,
  approve: 'Approve',
  deny: 'Deny',
  eitherWay: (host: Child) =>
    say`Either way you return to ${host}. Approve only if you started this there yourself.`,
}
