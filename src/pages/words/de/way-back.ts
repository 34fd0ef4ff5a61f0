import { say } from '../say.ts'
import type { Words } from '../en.ts'

export const wayBack: Words['wayBack'] = {
  title: 'Auf dem Rückweg',
  heading: (client) => say`Sie kehren zu ${client} zurück`,
  press: 'Falls von selbst nichts geschieht, drücken Sie die Schaltfläche.',
  go: 'Weiter',
}
