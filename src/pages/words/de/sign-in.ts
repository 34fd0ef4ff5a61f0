import { say } from '../say.ts'
import type { Words } from '../en.ts'

export const signIn: Words['signIn'] = {
  title: 'Anmelden',
  continueTo: (client) => say`um mit ${client} fortzufahren`,
  username: 'Benutzername',
  password: 'Passwort',
  submit: 'Anmelden',
  cancel: 'Abbrechen',
  wrongCredentials:
    'Benutzername und Passwort passen nicht zusammen. Prüfen Sie beides und versuchen Sie es noch einmal.',
  tooManyAttempts: (time) =>
    `Zu viele Versuche. Warten Sie ${time} und versuchen Sie es dann noch einmal.`,
  passwordStays: (brand, client) =>
    say`Ihr Passwort bleibt bei ${brand}; ${client} bekommt es nie zu sehen.`,
  afterwards: (host) => say`Danach kehren Sie zu ${host} zurück.`,
}
