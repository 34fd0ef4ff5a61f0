import { say } from '../say.ts'
import type { Words } from '../en.ts'

export const signOut: Words['signOut'] = {
  asks: {
    title: 'Möchten Sie sich abmelden?',
    lead: 'Eine Anwendung hat uns gebeten, Sie in diesem Browser abzumelden.',
  },
  out: {
    title: 'Sie sind hier abgemeldet',
    lead: 'In diesem Browser ist niemand bei uns angemeldet. Ihre Erlaubnisse bleiben bestehen.',
  },
  stays: {
    title: 'Sie sind weiterhin angemeldet',
    lead: 'Es wurde nichts geändert.',
  },
  signedInAs: (person) => say`Sie sind als ${person} angemeldet.`,
  askedBy: (client) => say`Danach kehren Sie zu ${client} zurück.`,
  yes: 'Abmelden',
  no: 'Angemeldet bleiben',
  signInAgain: 'Wieder anmelden',
  toAccount: 'Zu Ihrem Konto',
}
